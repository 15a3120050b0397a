//! Source trees: checked in memory, packed as canonical archives, unpacked beneath a
//! directory handle.

mod import;
mod path;
mod tar_archive;
mod unpack;
mod zip_archive;

use std::collections::BTreeMap;

use bytes::Bytes;
use nova_domain::Fault;

pub use import::{import, import_built};
pub use path::check_path;
pub use tar_archive::{pack, read};
pub use unpack::unpack;

/// What a tree may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of all files together.
    pub total: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Files.
    pub files: usize,
}

/// Limits of what a user hands in: 100 MB in all, 50 MB a file, 1,000 files.
pub const USER_LIMITS: Limits = Limits { total: 100 * 1024 * 1024, file: 50 * 1024 * 1024, files: 1000 };

/// Limits of what we packed ourselves: a built executable may fill a whole tree, and
/// installed packages have many files.
pub const PACKED_LIMITS: Limits = Limits { total: 512 * 1024 * 1024, file: 128 * 1024 * 1024, files: 50_000 };

/// Longest path of a file, bytes.
pub const PATH_MAX: usize = 256;

/// One file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    pub bytes: Bytes,
    pub executable: bool,
}

/// Files by path. Paths are relative, UTF-8, `/`-separated, without `.` and `..`; no
/// path lies below another that is a file. Empty directories do not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, TreeFile>,
    total: u64,
    limits: LimitsEq,
}

/// Limits take no part in comparing trees.
#[derive(Debug, Clone, Copy)]
struct LimitsEq(Limits);

impl PartialEq for LimitsEq {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LimitsEq {}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// An empty tree under [`USER_LIMITS`].
    pub fn new() -> Self {
        Self::with_limits(USER_LIMITS)
    }

    /// An empty tree under other limits.
    pub fn with_limits(limits: Limits) -> Self {
        Self { files: BTreeMap::new(), total: 0, limits: LimitsEq(limits) }
    }

    /// Adds a file. Refuses a bad path, one that exists already, and what is over a limit;
    /// the fault names the file.
    pub fn add(&mut self, path: &str, bytes: Bytes, executable: bool) -> Result<(), Fault> {
        check_path(path)?;
        if self.files.contains_key(path) {
            return Err(entry_fault(path, "is there twice"));
        }
        self.check_place(path)?;
        if self.files.len() >= self.limits.0.files {
            return Err(entry_fault(
                path,
                format!("is one file too many: at most {} are allowed", self.limits.0.files),
            ));
        }
        self.check_size(path, bytes.len() as u64, 0)?;
        self.total += bytes.len() as u64;
        self.files.insert(path.to_owned(), TreeFile { bytes, executable });
        Ok(())
    }

    /// Adds a file or replaces it.
    pub fn put(&mut self, path: &str, bytes: Bytes, executable: bool) -> Result<(), Fault> {
        let Some(old) = self.files.get(path) else { return self.add(path, bytes, executable) };
        let freed = old.bytes.len() as u64;
        self.check_size(path, bytes.len() as u64, freed)?;
        self.total = self.total - freed + bytes.len() as u64;
        self.files.insert(path.to_owned(), TreeFile { bytes, executable });
        Ok(())
    }

    /// Takes a file away.
    pub fn remove(&mut self, path: &str) -> Option<TreeFile> {
        let removed = self.files.remove(path)?;
        self.total -= removed.bytes.len() as u64;
        Some(removed)
    }

    /// The file at `path`.
    pub fn get(&self, path: &str) -> Option<&TreeFile> {
        self.files.get(path)
    }

    /// Files in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &TreeFile)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Bytes of all files together.
    pub fn total_size(&self) -> u64 {
        self.total
    }

    /// Refuses a path below a file, or one that other files lie below.
    fn check_place(&self, path: &str) -> Result<(), Fault> {
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/') {
            if self.files.contains_key(parent) {
                return Err(entry_fault(path, format!("lies below `{parent}`, which is a file")));
            }
            above = parent;
        }
        let below = format!("{path}/");
        let next = self.files.range(below.clone()..).next();
        if next.is_some_and(|(other, _)| other.starts_with(&below)) {
            return Err(entry_fault(path, "is a file, and other files lie below it"));
        }
        Ok(())
    }

    fn check_size(&self, path: &str, size: u64, freed: u64) -> Result<(), Fault> {
        let Limits { total, file, .. } = self.limits.0;
        if size > file {
            return Err(entry_fault(
                path,
                format!("is larger than {} MB, the limit of one file", file >> 20),
            ));
        }
        if self.total - freed + size > total {
            return Err(entry_fault(
                path,
                format!("does not fit: all files together may have {} MB", total >> 20),
            ));
        }
        Ok(())
    }

    /// Bytes that a file added now may have at most.
    fn room(&self) -> u64 {
        self.limits.0.file.min(self.limits.0.total - self.total)
    }
}

/// A tree with one executable file, packed. `name` is its path.
pub fn pack_executable(name: &str, executable: &[u8]) -> Result<Bytes, Fault> {
    let mut tree = Tree::with_limits(PACKED_LIMITS);
    tree.add(name, Bytes::copy_from_slice(executable), true)?;
    Ok(pack(&tree))
}

/// A refusal that names the entry.
fn entry_fault(path: &str, why: impl std::fmt::Display) -> Fault {
    let shown: String = path.chars().take(120).flat_map(char::escape_debug).collect();
    Fault::invalid(format!("file `{shown}` {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize) -> Bytes {
        Bytes::from(vec![0; len])
    }

    #[test]
    fn a_file_is_neither_twice_nor_a_directory_as_well() {
        let mut tree = Tree::new();
        tree.add("a/b", bytes(1), false).expect("new");
        tree.add("a.txt", bytes(1), false).expect("a neighbour whose name begins alike");
        tree.add("A/b", bytes(1), false).expect("case makes another path");
        for (path, why) in [("a/b", "twice"), ("a", "lie below it"), ("a/b/c", "below `a/b`")] {
            let fault = tree.add(path, bytes(1), false).expect_err(path);
            assert!(fault.message().contains(why) && fault.message().contains(path), "{fault}");
        }
    }

    #[test]
    fn limits_hold_for_adding_and_replacing_and_removing_makes_room() {
        let limits = Limits { total: 10, file: 6, files: 3 };
        let mut tree = Tree::with_limits(limits);
        assert!(tree.add("big", bytes(7), false).expect_err("file").message().contains("limit of one file"));
        tree.add("a", bytes(6), false).expect("fits");
        assert!(tree.add("b", bytes(5), false).expect_err("total").message().contains("together"));
        tree.put("a", bytes(5), true).expect("smaller");
        tree.add("b", bytes(5), false).expect("fits now");
        assert!(tree.put("a", bytes(6), false).is_err());
        tree.add("c", bytes(0), false).expect("fits");
        assert!(tree.add("d", bytes(0), false).expect_err("count").message().contains("too many"));
        tree.remove("a").expect("there");
        assert_eq!((tree.total_size(), tree.len()), (5, 2));
    }
}
