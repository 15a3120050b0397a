//! Puts the built console (`ui/dist/app`) into the binary: a table of its files in
//! `OUT_DIR/console.rs`. Without a build the table is empty, and zenith serves a page that says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = manifest.join("../../ui/dist");
    // The folder is always there (a file in it is checked in), so Cargo looks only at times.
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    let app = dist.join("app");
    let mut files = BTreeMap::new();
    // It is moved there when it is whole.
    if app.join("index.html").is_file() {
        collect(&app, "", &mut files)?;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("console.rs"), table(&files)?)
}

/// Files by their path below the console's root.
fn collect(folder: &Path, below: &str, into: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path().canonicalize()?;
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let name = format!("{below}{name}");
        if path.is_dir() {
            collect(&path, &format!("{name}/"), into)?;
        } else {
            into.insert(name, path);
        }
    }
    Ok(())
}

fn table(files: &BTreeMap<String, PathBuf>) -> io::Result<String> {
    let mut text = String::from("&[\n");
    for (name, path) in files.iter().filter(|(name, _)| !is_packed(name)) {
        let mut hasher = DefaultHasher::new();
        hasher.write(&fs::read(path)?);
        let packed = |ending: &str| match files.get(&format!("{name}.{ending}")) {
            Some(path) => format!("Some(include_bytes!({path:?}))"),
            None => "None".to_owned(),
        };
        let _ = writeln!(
            text,
            "File {{ path: {name:?}, hash: \"{:016x}\", plain: include_bytes!({path:?}), br: {}, gzip: {} }},",
            hasher.finish(),
            packed("br"),
            packed("gz"),
        );
    }
    text.push(']');
    Ok(text)
}

fn is_packed(name: &str) -> bool {
    name.ends_with(".br") || name.ends_with(".gz")
}
