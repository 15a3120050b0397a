//! Canonical archives and what they become on disk.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use bytes::Bytes;
use nova_artifacts::trees::{self, Tree};
use proptest::prelude::*;

fn arbitrary_tree() -> impl Strategy<Value = Tree> {
    let name = "[a-zA-Z0-9äö._ -]{1,12}";
    let path = proptest::collection::vec(name, 1..4).prop_map(|parts| parts.join("/"));
    let file = (path, proptest::collection::vec(any::<u8>(), 0..700), any::<bool>());
    proptest::collection::vec(file, 0..20).prop_map(|files| {
        let mut tree = Tree::new();
        for (path, bytes, executable) in files {
            // Names that are no paths, or that are taken, are not part of the tree.
            let _ = tree.add(&path, Bytes::from(bytes), executable);
        }
        tree
    })
}

/// Every file below `dir` as a tree; checks modes on the way.
fn read_dir(dir: &Path, prefix: &str, tree: &mut Tree) {
    for entry in std::fs::read_dir(dir).expect("reads") {
        let entry = entry.expect("entry");
        let name = entry.file_name().into_string().expect("UTF-8");
        let path = format!("{prefix}{name}");
        let meta = entry.metadata().expect("metadata");
        let mode = meta.permissions().mode() & 0o7777;
        if meta.is_dir() {
            assert_eq!(mode, 0o755, "{path}");
            read_dir(&entry.path(), &format!("{path}/"), tree);
        } else {
            assert!(meta.is_file() && meta.nlink() == 1);
            assert!(mode == 0o644 || mode == 0o755, "{path}: {mode:o}");
            let bytes = std::fs::read(entry.path()).expect("reads");
            tree.add(&path, Bytes::from(bytes), mode == 0o755).expect("adds");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_packed_comes_back_in_memory_and_on_disk(tree in arbitrary_tree()) {
        let packed = trees::pack(&tree);
        prop_assert_eq!(&trees::read(&packed).expect("reads"), &tree);
        prop_assert_eq!(&trees::pack(&trees::read(&packed).expect("reads")), &packed);
        let dir = tempfile::tempdir().expect("temp dir");
        prop_assert_eq!(trees::unpack(&packed, dir.path()).expect("unpacks"), tree.total_size());
        let mut found = Tree::new();
        read_dir(dir.path(), "", &mut found);
        prop_assert_eq!(&found, &tree);
    }
}

#[test]
fn equal_trees_have_equal_bytes_in_whatever_order_they_were_made() {
    let files = [("b", "2", true), ("a/x", "1", false), ("c", "3", false)];
    let pack = |order: [usize; 3]| {
        let mut tree = Tree::new();
        for index in order {
            let (path, text, executable) = files[index];
            tree.add(path, Bytes::from(text), executable).expect("adds");
        }
        trees::pack(&tree)
    };
    assert_eq!(pack([0, 1, 2]), pack([2, 1, 0]));
    // Stored digests depend on it: this may never change.
    let digest = nova_artifacts::objects::digest(&pack([0, 1, 2]));
    assert_eq!(digest.to_string(), "a3d778bf4b3a8ca9d71678232721aba50eeec8dc0cb88dfd877328bdb6448ec5");
}

#[test]
fn long_paths_survive() {
    let mut tree = Tree::new();
    let long = format!("{}/{}", "d".repeat(127), "f".repeat(128));
    tree.add(&long, Bytes::from("x"), false).expect("256 bytes");
    assert_eq!(trees::read(&trees::pack(&tree)).expect("reads"), tree);
}

#[test]
fn unpacking_follows_no_link_that_lies_in_the_way() {
    let mut tree = Tree::new();
    tree.add("a/b", Bytes::from("x"), false).expect("adds");
    let outside = tempfile::tempdir().expect("temp dir");
    let dir = tempfile::tempdir().expect("temp dir");
    std::os::unix::fs::symlink(outside.path(), dir.path().join("a")).expect("links");
    assert!(trees::unpack(&trees::pack(&tree), dir.path()).is_err());
    assert_eq!(std::fs::read_dir(outside.path()).expect("reads").count(), 0);
}

#[test]
fn an_executable_is_packed_as_one_file() {
    let packed = trees::pack_executable("bootstrap", b"\x7fELF").expect("packs");
    let tree = trees::read(&packed).expect("reads");
    let file = tree.get("bootstrap").expect("there");
    assert!(file.executable && tree.len() == 1 && file.bytes == "\x7fELF");
    assert!(trees::pack_executable("../x", b"").is_err());
}
