//! Show code: the entry file, the list of files, one file.

use bytes::Bytes;
use nova_artifacts::trees::TreeFile;
use nova_domain::call::Qualifier;
use nova_domain::dependencies::Installer;
use nova_domain::function::VersionSpec;
use nova_domain::{Code, Digest, Fault, FaultResult, FunctionName, Scope};
use nova_store::repo::FunctionWithVersion;

use super::Functions;
use crate::source::{self, Files, Source, Stored};
use crate::spec::Start;

/// The code of a version.
#[derive(Debug, Clone)]
pub struct VersionCode {
    pub found: FunctionWithVersion,
    /// The entry file.
    pub entry: Bytes,
    pub file_count: u32,
}

/// A file of a version's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    pub path: String,
    /// Bytes.
    pub size: u64,
    pub is_entry: bool,
    pub executable: bool,
}

impl Functions {
    /// The version's entry file and how many files there are.
    pub async fn get_code(
        &self,
        scope: &Scope,
        name: &FunctionName,
        qualifier: &Qualifier,
    ) -> FaultResult<VersionCode> {
        let found = self.get_version(scope, name, qualifier).await?;
        let files = self.load(&found.version.spec.code).await?;
        let entry = files.get(&found.version.spec.entry).map(|file| file.bytes.clone()).unwrap_or_default();
        Ok(VersionCode { found, entry, file_count: count(&files) })
    }

    /// The version's files, sorted by path.
    pub async fn list_files(
        &self,
        scope: &Scope,
        name: &FunctionName,
        qualifier: &Qualifier,
    ) -> FaultResult<Vec<FileInfo>> {
        let spec = self.get_version(scope, name, qualifier).await?.version.spec;
        let files = self.load(&spec.code).await?;
        let info = |(path, file): (String, TreeFile)| FileInfo {
            size: file.bytes.len() as u64,
            is_entry: path == spec.entry,
            executable: file.executable,
            path,
        };
        Ok(files.into_iter().map(info).collect())
    }

    /// The content of one of the version's files, or `NotFound`.
    pub async fn get_file(
        &self,
        scope: &Scope,
        name: &FunctionName,
        qualifier: &Qualifier,
        path: &str,
    ) -> FaultResult<Bytes> {
        let found = self.get_version(scope, name, qualifier).await?;
        let mut files = self.load(&found.version.spec.code).await?;
        files.remove(path).map(|file| file.bytes).ok_or_else(|| {
            let shown: String = path.chars().take(80).collect();
            let number = found.version.number;
            Fault::new(Code::NotFound, format!("function `{name}` version {number} has no file {shown:?}"))
        })
    }

    /// What has to be installed beside the code of a spec.
    pub(super) async fn dependencies_of(&self, spec: &VersionSpec) -> FaultResult<Option<Installer>> {
        let runtime = spec.runtime.runtime;
        if !runtime.is_interpreted() {
            return Ok(None);
        }
        let files = self.load(&spec.code).await?;
        let text = |path: &str| files.get(path).map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
        Ok(Installer::find(runtime, files.keys().map(String::as_str), text))
    }

    /// The files of a source tree.
    pub(super) async fn load(&self, code: &Digest) -> FaultResult<Files> {
        let archive = self.inner.objects.get(code).await?;
        source::read(archive).await
    }

    pub(super) async fn store_source(
        &self,
        runtime: nova_domain::runtime::Runtime,
        start: &Start,
        source: Source,
        entry: Option<&str>,
    ) -> FaultResult<Stored> {
        self.store_new_source(runtime, start, source, entry, None).await
    }

    /// Stores a source tree. `previous` is the entry file so far, used if it is there and no
    /// other was asked for.
    pub(super) async fn store_new_source(
        &self,
        runtime: nova_domain::runtime::Runtime,
        start: &Start,
        source: Source,
        entry: Option<&str>,
        previous: Option<&str>,
    ) -> FaultResult<Stored> {
        let tree = source::assemble(runtime, start, source, entry, previous).await?;
        let mut stored = self.store_files(tree.files).await?;
        stored.entry = tree.entry;
        Ok(stored)
    }

    pub(super) async fn store_files(&self, files: Files) -> FaultResult<Stored> {
        let (size, file_count) = (source::size_of(&files), count(&files));
        let archive = source::pack(files).await?;
        let digest = self.inner.objects.put(archive).await?;
        Ok(Stored { digest, size, file_count, entry: String::new() })
    }
}

pub(super) fn count(files: &Files) -> u32 {
    u32::try_from(files.len()).unwrap_or(u32::MAX)
}
