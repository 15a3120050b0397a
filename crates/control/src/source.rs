//! Source trees: out of what a user sent to what is stored, and back.

use std::collections::BTreeMap;

use bytes::Bytes;
use nova_artifacts::trees::{self, TreeFile};
use nova_domain::runtime::Runtime;
use nova_domain::{Digest, Fault, FaultResult};

use crate::spec::{self, Start};

/// Code as a user sends it.
#[derive(Debug, Clone)]
pub enum Source {
    /// Files as text.
    Files {
        /// Text of the entry file.
        code: Option<String>,
        /// Other files, or all of them, by path below the code's root.
        files: BTreeMap<String, String>,
    },
    /// A zip, tar or tar.gz archive.
    Archive(Bytes),
}

/// Files by path.
pub(crate) type Files = BTreeMap<String, TreeFile>;

/// Files with the one that is started or imported.
pub(crate) struct Tree {
    pub(crate) files: Files,
    pub(crate) entry: String,
}

/// A tree that is stored.
pub(crate) struct Stored {
    pub(crate) digest: Digest,
    /// Unpacked size, bytes.
    pub(crate) size: u64,
    pub(crate) file_count: u32,
    pub(crate) entry: String,
}

/// Makes the tree out of what a user sent and finds its entry file. `previous` is the entry so
/// far, which is kept where it is there and no other is asked for.
pub(crate) async fn assemble(
    runtime: Runtime,
    start: &Start,
    source: Source,
    entry: Option<&str>,
    previous: Option<&str>,
) -> FaultResult<Tree> {
    let mut files = match source {
        Source::Archive(archive) => import(archive).await?,
        Source::Files { code, files } => {
            let mut files: Files = files.into_iter().map(|(path, text)| (path, text_file(text))).collect();
            if let Some(code) = code {
                let name =
                    entry.or(previous).map_or_else(|| spec::inline_entry(runtime, start), str::to_owned);
                if files.insert(name.clone(), text_file(code)).is_some() {
                    return Err(Fault::invalid(format!("`code` and `files` both have {name:?}"))
                        .with_field("files", "leave the entry file out, or leave `code` out"));
                }
            }
            files
        }
    };
    if files.is_empty() {
        return Err(Fault::invalid("there is no code: send `code`, `files` or `archive`")
            .with_field("code", "missing"));
    }
    let kept = previous.filter(|previous| entry.is_none() && files.contains_key(*previous));
    let entry = spec::find_entry(runtime, start, entry.or(kept), &files)?;
    if runtime.is_executable()
        && let Some(file) = files.get_mut(&entry)
    {
        // A file sent as text, or zipped elsewhere, has lost its mode.
        file.executable = true;
    }
    Ok(Tree { files, entry })
}

fn text_file(text: String) -> TreeFile {
    TreeFile { bytes: text.into(), executable: false }
}

/// Sum of the files' sizes, bytes.
pub(crate) fn size_of(files: &Files) -> u64 {
    files.values().map(|file| file.bytes.len() as u64).sum()
}

/// The canonical archive of the files. Refuses what no tree may hold: bad paths, too much.
pub(crate) async fn pack(files: Files) -> FaultResult<Bytes> {
    off_the_runtime(move || {
        let mut tree = trees::Tree::new();
        for (path, file) in files {
            tree.add(&path, file.bytes, file.executable)?;
        }
        Ok(trees::pack(&tree))
    })
    .await
}

/// The files of a user's archive.
async fn import(archive: Bytes) -> FaultResult<Files> {
    off_the_runtime(move || trees::import(&archive).map(|tree| files_of(&tree))).await
}

/// The files of a canonical archive.
pub(crate) async fn read(archive: Bytes) -> FaultResult<Files> {
    off_the_runtime(move || trees::read(&archive).map(|tree| files_of(&tree))).await
}

fn files_of(tree: &trees::Tree) -> Files {
    tree.iter().map(|(path, file)| (path.to_owned(), file.clone())).collect()
}

/// Archives are up to 100 MB: they must not hold up the threads that serve requests.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> FaultResult<T> + Send + 'static,
) -> FaultResult<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Fault::internal("reading or packing an archive broke").with_source(error)),
    }
}
