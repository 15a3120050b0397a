//! One server per data directory.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nova_domain::{Code, Fault};
use rustix::fs::{FlockOperation, flock};

/// Held while any thread may touch the directory's files. The kernel releases it with
/// the process, however that ends.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock of `dir`, or fails with the pid of the server that has it.
    pub(super) fn take(dir: &Path) -> Result<Self, Fault> {
        let path = dir.join("nova.lock");
        let failed = |error: std::io::Error| {
            Fault::new(Code::Unavailable, format!("cannot write {}: {error}", path.display()))
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(failed(error.into()));
            }
            let mut holder = String::new();
            // The pid is only for the text; the lock itself is what counts.
            let _ = Read::by_ref(&mut file).take(20).read_to_string(&mut holder);
            let holder = holder.trim();
            let who =
                if holder.is_empty() { "another process".to_owned() } else { format!("process {holder}") };
            return Err(Fault::new(
                Code::Unavailable,
                format!(
                    "{} is in use by {who}: stop that server, or give this one another directory",
                    dir.display()
                ),
            ));
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
        file.write_all(std::process::id().to_string().as_bytes()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
