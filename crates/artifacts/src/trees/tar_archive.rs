//! Trees as tar archives: our canonical ones, and those that users send.

use std::io::Read;

use bytes::Bytes;
use nova_domain::Fault;
use tar::{Archive, Builder, EntryType, Header};

use super::import::Importer;
use super::{PACKED_LIMITS, Tree, entry_fault};

/// Packs a tree: paths sorted, times, owners and groups zero, modes 0644 and 0755. Equal
/// trees give equal bytes.
pub fn pack(tree: &Tree) -> Bytes {
    let expected = tree.total_size() as usize + tree.len() * 1024 + 1024;
    let mut builder = Builder::new(Vec::with_capacity(expected));
    for (path, file) in tree.iter() {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(if file.executable { 0o755 } else { 0o644 });
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(file.bytes.len() as u64);
        builder
            .append_data(&mut header, path, file.bytes.as_ref())
            .expect("checked paths and memory cannot fail");
    }
    Bytes::from(builder.into_inner().expect("memory cannot fail"))
}

/// Reads a canonical archive. The files share the memory of `archive`. Fails if it is not
/// one that [`pack`] made.
pub fn read(archive: &Bytes) -> Result<Tree, Fault> {
    let broken = |why: String| Fault::internal(format!("a packed tree cannot be read: {why}"));
    let mut tree = Tree::with_limits(PACKED_LIMITS);
    let mut reader = Archive::new(archive.as_ref());
    for entry in reader.entries().map_err(|error| broken(error.to_string()))? {
        let entry = entry.map_err(|error| broken(error.to_string()))?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(broken("it holds something else than files".into()));
        }
        let (from, size) = (entry.raw_file_position() as usize, entry.size() as usize);
        let to = from.checked_add(size).filter(|to| *to <= archive.len());
        let content = archive.slice(from..to.ok_or_else(|| broken("it is cut off".into()))?);
        let mode = entry.header().mode().map_err(|error| broken(error.to_string()))?;
        let name = entry.path_bytes();
        let path = std::str::from_utf8(&name).map_err(|error| broken(error.to_string()))?;
        tree.add(path, content, mode & 0o111 != 0).map_err(|fault| broken(fault.to_string()))?;
    }
    Ok(tree)
}

/// Reads a user's tar stream.
pub(super) fn import(stream: impl Read) -> Result<Tree, Fault> {
    import_with(stream, Importer::new())
}

pub(super) fn import_with(stream: impl Read, mut importer: Importer) -> Result<Tree, Fault> {
    let damaged =
        |error: std::io::Error| Fault::invalid(format!("the archive is damaged or too large: {error}"));
    let mut archive = Archive::new(stream);
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let kind = entry.header().entry_type();
        // `git archive` puts the commit in one of these.
        if kind == EntryType::XGlobalHeader {
            importer.enter(b"pax_global_header")?;
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let Some(path) = importer.enter(&name)? else { continue };
        match kind {
            EntryType::Regular => {
                let mode = entry.header().mode().map_err(damaged)?;
                importer.file(path, mode & 0o111 != 0, &mut entry)?;
            }
            EntryType::Directory => importer.directory(path)?,
            EntryType::Symlink | EntryType::Link => {
                return Err(entry_fault(path, "is a link: archives may hold only files and directories"));
            }
            _ => return Err(entry_fault(path, "is neither a file nor a directory")),
        }
    }
    Ok(importer.finish())
}
