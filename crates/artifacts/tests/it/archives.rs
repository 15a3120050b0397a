//! What users may send, and what not.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use nova_artifacts::trees::{self, Tree};
use nova_domain::{Code, Fault};
use tar::{EntryType, Header};
use zip::write::SimpleFileOptions;

/// A tar with one entry whose name is written unchecked, as an attacker would.
fn tar_entry(kind: EntryType, name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    append(&mut builder, kind, name, 0o644, content);
    builder.into_inner().expect("memory")
}

fn append(builder: &mut tar::Builder<Vec<u8>>, kind: EntryType, name: &[u8], mode: u32, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(content.len() as u64);
    if matches!(kind, EntryType::Symlink | EntryType::Link) {
        header.set_link_name("/etc/passwd").expect("fits");
    }
    header.set_cksum();
    builder.append(&header, content).expect("memory");
}

fn zip_of(files: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, mode, content) in files {
        let options = SimpleFileOptions::default().unix_permissions(*mode);
        zip.start_file(*name, options).expect("starts");
        zip.write_all(content).expect("writes");
    }
    zip.finish().expect("finishes").into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn refused(archive: &[u8]) -> Fault {
    let fault = trees::import(archive).expect_err("refused");
    assert_eq!(fault.code(), Code::InvalidArgument, "{fault:?}");
    fault
}

fn expected() -> Tree {
    let mut tree = Tree::new();
    tree.add("main.py", Bytes::from("print(1)"), false).expect("adds");
    tree.add("bin/run", Bytes::from("#!"), true).expect("adds");
    tree
}

#[test]
fn zip_tar_and_tar_gz_give_the_same_tree_with_its_executable_bits() {
    let zip = zip_of(&[("bin/run", 0o755, b"#!"), ("main.py", 0o600, b"print(1)")]);
    assert_eq!(trees::import(&zip).expect("zip"), expected());
    let mut builder = tar::Builder::new(Vec::new());
    append(&mut builder, EntryType::XGlobalHeader, b"pax_global_header", 0o644, b"");
    append(&mut builder, EntryType::Directory, b"./", 0o755, b"");
    append(&mut builder, EntryType::Directory, b"./bin/", 0o4777, b"");
    append(&mut builder, EntryType::Regular, b"./bin/run", 0o6711, b"#!");
    append(&mut builder, EntryType::Regular, b"./main.py", 0o444, b"print(1)");
    let tar = builder.into_inner().expect("memory");
    assert_eq!(trees::import(&tar).expect("tar"), expected());
    assert_eq!(trees::import(&gzip(&tar)).expect("tar.gz"), expected());
    assert_eq!(trees::import(&trees::pack(&expected())).expect("our own"), expected());
}

#[test]
fn archives_of_the_ordinary_programs_are_read() {
    let dir = tempfile::tempdir().expect("temp dir");
    std::fs::create_dir(dir.path().join("bin")).expect("mkdir");
    std::fs::write(dir.path().join("main.py"), "print(1)").expect("writes");
    std::fs::write(dir.path().join("bin/run"), "#!").expect("writes");
    let run = |script: &str| {
        let done = std::process::Command::new("sh").args(["-c", script]).current_dir(dir.path()).output();
        let done = done.expect("starts");
        assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    };
    run("chmod 755 bin/run");
    for format in ["gnu", "pax", "ustar"] {
        let tar = run(&format!("tar --format={format} -cz ."));
        assert_eq!(trees::import(&tar).expect(format), expected());
    }
    run(
        "python3 -m zipfile -c /dev/null main.py && python3 - <<'E'\nimport shutil; shutil.make_archive('../made', 'zip', '.')\nE",
    );
    let made = dir.path().parent().expect("parent").join("made.zip");
    let zip = std::fs::read(&made).expect("reads");
    std::fs::remove_file(made).expect("removes");
    assert_eq!(trees::import(&zip).expect("zip"), expected());
}

#[test]
fn names_that_lead_elsewhere_or_are_no_text_are_refused_and_named() {
    let bad: [(&[u8], &str); 7] = [
        (b"../evil", ".."),
        (b"a/../../evil", ".."),
        (b"/etc/evil", "absolute"),
        (b"a\\evil", "backslash"),
        (b"evil\n", "control"),
        (b"evil\xff", "UTF-8"),
        (b"a//evil", "empty"),
    ];
    for (name, why) in bad {
        let fault = refused(&tar_entry(EntryType::Regular, name, b"x"));
        assert!(fault.message().contains(why) && fault.message().contains("evil"), "{fault}");
    }
    for name in ["../evil", "/etc/evil", "a/../../evil", "evil\0"] {
        let fault = refused(&zip_of(&[(name, 0o644, b"x")]));
        assert!(fault.message().contains("evil"), "{fault}");
    }
    let long = "d/".repeat(128) + "evil";
    assert!(refused(&zip_of(&[(&long, 0o644, b"x")])).message().contains("256"));
}

#[test]
fn links_devices_and_other_kinds_are_refused() {
    let kinds = [
        (EntryType::Symlink, "link"),
        (EntryType::Link, "link"),
        (EntryType::Char, "neither"),
        (EntryType::Block, "neither"),
        (EntryType::Fifo, "neither"),
        (EntryType::GNUSparse, "neither"),
        (EntryType::Continuous, "neither"),
    ];
    for (kind, why) in kinds {
        let fault = trees::import(&tar_entry(kind, b"x/evil", b"")).expect_err("refused");
        assert_eq!(fault.code(), Code::InvalidArgument);
        assert!(fault.message().contains(why) || kind == EntryType::GNUSparse, "{kind:?}: {fault}");
    }
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_symlink("evil", "/etc/passwd", SimpleFileOptions::default()).expect("adds");
    let fault = refused(&zip.finish().expect("finishes").into_inner());
    assert!(fault.message().contains("evil") && fault.message().contains("link"), "{fault}");
}

#[test]
fn one_path_twice_is_refused_in_every_guise() {
    let twice = |first: (EntryType, &[u8]), second: (EntryType, &[u8])| {
        let mut builder = tar::Builder::new(Vec::new());
        append(&mut builder, first.0, first.1, 0o644, b"");
        append(&mut builder, second.0, second.1, 0o644, b"");
        refused(&builder.into_inner().expect("memory"))
    };
    use EntryType::{Directory, Regular};
    assert!(twice((Regular, b"a"), (Regular, b"./a")).message().contains("twice"));
    assert!(twice((Regular, b"a"), (Directory, b"a/")).message().contains("twice"));
    assert!(twice((Directory, b"a"), (Regular, b"a")).message().contains("twice"));
    assert!(twice((Regular, b"a"), (Regular, b"a/b")).message().contains("below"));
    // The zip writer makes no such thing: rename the second of two in both its headers.
    let mut zip = zip_of(&[("aa", 0o644, b"1"), ("ab", 0o644, b"2")]);
    for at in 0..zip.len() - 1 {
        if &zip[at..at + 2] == b"ab" {
            zip[at + 1] = b'a';
        }
    }
    assert!(refused(&zip).message().contains("twice"));
}

#[test]
fn a_zip_whose_two_headers_tell_different_names_is_refused() {
    let mut zip = zip_of(&[("innocent", 0o644, b"1")]);
    let local = zip.windows(8).position(|window| window == b"innocent").expect("local header");
    zip[local] = b'x';
    refused(&zip);
}

#[test]
fn bombs_are_stopped_while_reading() {
    // 200 MB of zeros in one file, about 200 KB packed.
    let zeros = vec![0_u8; 200 << 20];
    let fault = refused(&zip_of(&[("bomb", 0o644, &zeros)]));
    assert!(fault.message().contains("bomb") && fault.message().contains("50 MB"), "{fault}");
    let fault = refused(&gzip(&tar_entry(EntryType::Regular, b"bomb", &zeros)));
    assert!(fault.message().contains("bomb"), "{fault}");
    // Three of 40 MB: each is allowed, all together are not.
    let part = &zeros[..40 << 20];
    let fault = refused(&zip_of(&[("a", 0o644, part), ("b", 0o644, part), ("c", 0o644, part)]));
    assert!(fault.message().contains("`c`") && fault.message().contains("100 MB"), "{fault}");
    // A gzip stream in a gzip stream of which nothing is a file: long names without end.
    let mut builder = tar::Builder::new(Vec::new());
    append(&mut builder, EntryType::GNULongName, b"././@LongLink", 0o644, &zeros);
    refused(&gzip(&builder.into_inner().expect("memory")));
}

#[test]
fn too_many_files_or_entries_are_refused() {
    let names: Vec<_> = (0..1001).map(|index| format!("f{index}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), 0o644, &b""[..])).collect();
    assert!(trees::import(&zip_of(&files[..1000])).is_ok());
    assert!(refused(&zip_of(&files)).message().contains("f1000"));
    let mut builder = tar::Builder::new(Vec::new());
    for index in 0..10_001 {
        append(&mut builder, EntryType::Directory, format!("d{index}").as_bytes(), 0o755, b"");
    }
    let fault = refused(&gzip(&builder.into_inner().expect("memory")));
    assert!(fault.message().contains("10000 entries"), "{fault}");
}

#[test]
fn what_is_no_archive_or_cut_off_is_refused() {
    let zip = zip_of(&[("main.py", 0o644, &[7; 5000])]);
    let tar = tar_entry(EntryType::Regular, b"main.py", &[7; 5000]);
    for bad in [&b""[..], b"hello", &[0; 4096], &zip[..zip.len() / 2], &tar[..2000], &gzip(&tar)[..40]] {
        refused(bad);
    }
    assert!(refused(&zip_of(&[])).message().contains("no file"));
    let mut damaged = zip.clone();
    damaged[40] ^= 1;
    refused(&damaged);
}

mod random {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn bytes_of_any_kind_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000), kind in 0..4_u8) {
            let mut bytes = bytes;
            let magic: &[u8] = match kind { 0 => b"PK\x03\x04", 1 => b"\x1f\x8b\x08", 2 => b"PK\x05\x06", _ => b"" };
            bytes.splice(..0, magic.iter().copied());
            let _ = trees::import(&bytes);
            let _ = trees::read(&Bytes::from(bytes));
        }

        #[test]
        fn flipped_archives_never_panic_and_never_leave_the_tree(
            flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
            kind in 0..3_u8,
        ) {
            let files: [(&str, u32, &[u8]); 2] = [("bin/run", 0o755, b"#!"), ("main.py", 0o644, &[9; 700])];
            let mut archive = match kind {
                0 => zip_of(&files),
                1 => trees::pack(&expected()).to_vec(),
                _ => gzip(&trees::pack(&expected())),
            };
            for (index, byte) in flips {
                let at = index.index(archive.len());
                archive[at] = byte;
            }
            if let Ok(tree) = trees::import(&archive) {
                for (path, _) in tree.iter() {
                    prop_assert!(trees::check_path(path).is_ok());
                }
            }
            let _ = trees::read(&Bytes::from(archive));
        }
    }
}
