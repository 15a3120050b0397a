//! User archives into checked trees. The kind is told by the first bytes, not by a name;
//! sizes are counted while reading, so that a bomb is stopped before it unfolds.

use std::collections::BTreeSet;
use std::io::Read;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use nova_domain::Fault;

use super::path::entry_path;
use super::{Limits, PACKED_LIMITS, Tree, USER_LIMITS, entry_fault, tar_archive, zip_archive};

/// Most entries of an archive, directories counted.
pub(super) const ENTRIES_MAX: usize = 10_000;

/// Most bytes that an unfolded tar stream may have: contents, headers and long names.
const STREAM_MAX: u64 = USER_LIMITS.total + (ENTRIES_MAX as u64) * 4096;

/// Reads a zip, tar or tar.gz archive into a tree under [`USER_LIMITS`]. Keeps whether a
/// file is executable and nothing else of its metadata. Refuses, naming the entry: bad
/// paths (see [`check_path`](super::check_path)), links, devices, duplicates, encrypted
/// entries, and what is over a limit.
pub fn import(archive: &[u8]) -> Result<Tree, Fault> {
    let tree = match archive {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => zip_archive::import(archive)?,
        [0x1f, 0x8b, ..] => {
            let stream = Bounded { inner: MultiGzDecoder::new(archive), left: STREAM_MAX };
            tar_archive::import(stream)?
        }
        _ if archive.get(257..262) == Some(b"ustar") => tar_archive::import(archive)?,
        _ => {
            return Err(Fault::invalid(
                "the upload is no archive that Nova reads: send zip, tar or tar.gz (tgz)",
            ));
        }
    };
    if tree.is_empty() {
        return Err(Fault::invalid("the archive holds no file"));
    }
    Ok(tree)
}

/// Reads the tar archive of what a build made, under [`PACKED_LIMITS`]. It comes out of a
/// sandbox, so it is checked as a user's archive is.
pub fn import_built(archive: &[u8]) -> Result<Tree, Fault> {
    let tree = tar_archive::import_with(archive, Importer::of_build())?;
    if tree.is_empty() { Err(Fault::invalid("the build made no file")) } else { Ok(tree) }
}

/// Collects the entries of an archive.
pub(super) struct Importer {
    tree: Tree,
    directories: BTreeSet<String>,
    entries: usize,
    entries_max: usize,
}

impl Importer {
    pub(super) fn new() -> Self {
        Self::with_limits(USER_LIMITS, ENTRIES_MAX)
    }

    fn of_build() -> Self {
        Self::with_limits(PACKED_LIMITS, 2 * PACKED_LIMITS.files)
    }

    fn with_limits(limits: Limits, entries_max: usize) -> Self {
        Self { tree: Tree::with_limits(limits), directories: BTreeSet::new(), entries: 0, entries_max }
    }

    /// Counts an entry and checks its name. `None` for the archive's root.
    pub(super) fn enter<'a>(&mut self, raw: &'a [u8]) -> Result<Option<&'a str>, Fault> {
        self.entries += 1;
        if self.entries > self.entries_max {
            return Err(Fault::invalid(format!("the archive has more than {} entries", self.entries_max)));
        }
        entry_path(raw)
    }

    /// Notes a directory: no file may have its path.
    pub(super) fn directory(&mut self, path: &str) -> Result<(), Fault> {
        if self.tree.get(path).is_some() {
            return Err(entry_fault(path, "is there twice, as a file and as a directory"));
        }
        self.directories.insert(path.to_owned());
        Ok(())
    }

    /// Reads a file, at most one byte more than there is room for.
    pub(super) fn file(&mut self, path: &str, executable: bool, content: impl Read) -> Result<(), Fault> {
        if self.directories.contains(path) {
            return Err(entry_fault(path, "is there twice, as a file and as a directory"));
        }
        let mut bytes = Vec::new();
        content
            .take(self.tree.room() + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| entry_fault(path, format!("cannot be read: {error}")))?;
        self.tree.add(path, Bytes::from(bytes), executable)
    }

    pub(super) fn finish(self) -> Tree {
        self.tree
    }
}

/// Fails after a number of bytes.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)? as u64;
        self.left = self.left.checked_sub(read).ok_or_else(|| {
            std::io::Error::other(format!("it unpacks to more than {} MB", STREAM_MAX >> 20))
        })?;
        Ok(read as usize)
    }
}
