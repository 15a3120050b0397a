//! Zip archives that users send. Entries are walked one by one in the order of the central
//! directory, so that neither many entries nor two of one name slip by.

use std::io::Cursor;

use nova_domain::Fault;
use zip::ZipReadOptions;
use zip::read::Config;
use zip::unstable::read::ZipIterable;

use super::import::{ENTRIES_MAX, Importer};
use super::{Tree, entry_fault};

/// Type bits of a Unix mode.
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// Reads a user's zip archive.
pub(super) fn import(archive: &[u8]) -> Result<Tree, Fault> {
    let damaged =
        |error: zip::result::ZipError| Fault::invalid(format!("the zip archive is damaged: {error}"));
    let mut zip = ZipIterable::try_new(Cursor::new(archive), Config::default())
        .map_err(damaged)?
        .enforce_header_consistency(true);
    if zip.len() > ENTRIES_MAX {
        return Err(Fault::invalid(format!("the archive has more than {ENTRIES_MAX} entries")));
    }
    let mut importer = Importer::new();
    let mut files = zip.files_with_cloned_reader(ZipReadOptions::new()).map_err(damaged)?;
    while let Some(file) = files.next() {
        let mut file = file.map_err(damaged)?;
        let name = file.name_raw().to_vec();
        let Some(path) = importer.enter(&name)? else { continue };
        if file.encrypted() {
            return Err(entry_fault(path, "is encrypted"));
        }
        let mode = file.unix_mode().unwrap_or(0);
        match mode & TYPE {
            _ if name.ends_with(b"/") => importer.directory(path)?,
            DIRECTORY => importer.directory(path)?,
            0 | REGULAR => importer.file(path, mode & 0o111 != 0, &mut file)?,
            LINK => return Err(entry_fault(path, "is a link: archives may hold only files and directories")),
            _ => return Err(entry_fault(path, "is neither a file nor a directory")),
        }
    }
    Ok(importer.finish())
}
