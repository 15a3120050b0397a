//! Bytes from outside to disk and back.
//!
//! [`objects`] keeps bytes by their SHA-256, in local files or an S3-compatible store.
//! [`trees`] turns source trees into canonical archives and user archives into checked
//! trees. [`cache`] keeps unpacked trees on local disk, ready to be mounted. What a tree
//! means (functions, versions) is the planes' business.

pub mod cache;
pub mod objects;
pub mod trees;

use nova_domain::{Code, Fault};

/// A fault for a file system error at `path`: a full disk passes, the rest is internal.
pub(crate) fn disk_fault(what: &str, path: &std::path::Path, error: std::io::Error) -> Fault {
    let context = format!("{what} {}", path.display());
    if matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
        return Fault::new(Code::Unavailable, "the server's disk is full; try again when there is room")
            .with_source(format!("{context}: {error}"));
    }
    Fault::internal(format!("{context}: {error}"))
}
