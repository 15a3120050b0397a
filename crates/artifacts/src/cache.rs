//! Unpacked code trees on local disk, `<dir>/code/<digest>/`.
//!
//! A tree is unpacked under a temporary name and renamed when it is whole, so a name that
//! is a digest is a whole tree. Nothing is synced: after a reboot, when what was written
//! last may be lost, the cache starts empty; it can always be filled from the objects.

use std::collections::HashMap;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;
use nova_domain::ports::{CodeTree, CodeTrees, Objects};
use nova_domain::{Code, Digest, Fault, FaultResult};

use crate::{disk_fault, trees};

/// Disk space that a file takes besides its bytes, roughly.
const FILE_OVERHEAD: u64 = 4096;
/// Names of trees that are not whole, or on their way out.
const TEMPORARY: &str = ".tmp-";
/// Where the kernel says which boot this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Keeps unpacked trees up to a total size. Cheap to clone.
#[derive(Clone)]
pub struct CodeCache(Arc<Inner>);

struct Inner {
    objects: Arc<dyn Objects>,
    dir: PathBuf,
    /// Bytes on disk above which trees that nobody holds are removed, oldest use first.
    limit: u64,
    state: Mutex<State>,
    temporary: AtomicU64,
}

#[derive(Default)]
struct State {
    trees: HashMap<Digest, Entry>,
    total: u64,
    /// Counts uses, for their order.
    uses: u64,
    /// Trees that are being made: whoever wants one waits for its lock.
    making: HashMap<Digest, Weak<tokio::sync::Mutex<()>>>,
}

struct Entry {
    guard: Arc<()>,
    size: u64,
    used: u64,
}

impl CodeCache {
    /// Opens the cache below `dir`, made with mode 0711 (sandbox users may walk through,
    /// not list) if it is missing. Removes what a crash left half-made, and everything
    /// after a reboot. `limit` is in bytes. Blocking.
    pub fn open(dir: &Path, objects: Arc<dyn Objects>, limit: u64) -> FaultResult<Self> {
        let dir = dir.join("code");
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(&dir)
            .map_err(|error| disk_fault("create", &dir, error))?;
        let cache = Self(Arc::new(Inner {
            objects,
            limit,
            state: Mutex::new(recover(&dir)?),
            temporary: AtomicU64::new(0),
            dir,
        }));
        let evicted = cache.0.evict();
        remove_all(&evicted);
        Ok(cache)
    }

    /// Bytes on disk of all trees, roughly.
    pub fn size(&self) -> u64 {
        self.0.state().total
    }
}

#[async_trait]
impl CodeTrees for CodeCache {
    async fn materialise(&self, digest: &Digest) -> FaultResult<CodeTree> {
        if let Some(tree) = self.0.held(digest) {
            metrics::counter!("nova_code_cache_requests_total", "result" => "hit").increment(1);
            return Ok(tree);
        }
        let turn = self.0.turn(digest);
        let _turn = turn.lock().await;
        if let Some(tree) = self.0.held(digest) {
            metrics::counter!("nova_code_cache_requests_total", "result" => "shared").increment(1);
            return Ok(tree);
        }
        metrics::counter!("nova_code_cache_requests_total", "result" => "miss").increment(1);
        let archive = self.0.objects.get(digest).await.map_err(|fault| match fault.code() {
            Code::NotFound => Fault::internal(format!("the code object {digest} is missing")),
            _ => fault,
        })?;
        let (inner, digest) = (self.0.clone(), *digest);
        // Goes on if the caller leaves: the tree is wanted by the next one all the same.
        tokio::task::spawn_blocking(move || inner.make(&digest, &archive))
            .await
            .map_err(|error| Fault::internal("unpack a code tree").with_source(error))?
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(digest.to_string())
    }

    /// The tree, if it is there; counts a use.
    fn held(&self, digest: &Digest) -> Option<CodeTree> {
        let mut state = self.state();
        state.uses += 1;
        let used = state.uses;
        let entry = state.trees.get_mut(digest)?;
        entry.used = used;
        Some(CodeTree { path: self.path(digest), guard: entry.guard.clone() })
    }

    /// The lock of whoever makes that tree.
    fn turn(&self, digest: &Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut state = self.state();
        if let Some(turn) = state.making.get(digest).and_then(Weak::upgrade) {
            return turn;
        }
        state.making.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        state.making.insert(*digest, Arc::downgrade(&turn));
        turn
    }

    /// Unpacks and renames; blocking.
    fn make(&self, digest: &Digest, archive: &bytes::Bytes) -> FaultResult<CodeTree> {
        let path = self.path(digest);
        let temporary = self.temporary_name();
        let made = (|| {
            std::fs::DirBuilder::new()
                .mode(0o755)
                .create(&temporary)
                .map_err(|error| disk_fault("create", &temporary, error))?;
            set_mode(&temporary)?;
            trees::unpack(archive, &temporary)?;
            size_on_disk(&temporary).map_err(|error| disk_fault("read", &temporary, error))
        })();
        let size = made.inspect_err(|_| remove_all(std::slice::from_ref(&temporary)))?;
        let (tree, evicted) = {
            let mut state = self.state();
            // Another call may have made it, whose caller had gone away.
            if !state.trees.contains_key(digest) {
                if let Err(error) = std::fs::rename(&temporary, &path) {
                    drop(state);
                    remove_all(std::slice::from_ref(&temporary));
                    return Err(disk_fault("rename to", &path, error));
                }
                state.total += size;
                state.trees.insert(*digest, Entry { guard: Arc::new(()), size, used: 0 });
            }
            state.uses += 1;
            let used = state.uses;
            let guard = state.trees.get_mut(digest).map(|entry| {
                entry.used = used;
                entry.guard.clone()
            });
            let guard = guard.expect("it was there or has just been put in");
            (CodeTree { path, guard }, self.evict_from(&mut state))
        };
        remove_all(&evicted);
        // Only if the tree was there already.
        if temporary.exists() {
            remove_all(std::slice::from_ref(&temporary));
        }
        Ok(tree)
    }

    fn temporary_name(&self) -> PathBuf {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        self.dir.join(format!("{TEMPORARY}{}-{number}", std::process::id()))
    }

    fn evict(&self) -> Vec<PathBuf> {
        self.evict_from(&mut self.state())
    }

    /// Takes trees that nobody holds out of the cache until it fits, and renames them; the
    /// caller deletes them without the lock.
    fn evict_from(&self, state: &mut State) -> Vec<PathBuf> {
        if state.total <= self.limit {
            return Vec::new();
        }
        let mut idle: Vec<_> = state
            .trees
            .iter()
            .filter(|(_, entry)| Arc::strong_count(&entry.guard) == 1)
            .map(|(digest, entry)| (entry.used, *digest))
            .collect();
        idle.sort_unstable();
        let mut evicted = Vec::new();
        for (_, digest) in idle {
            if state.total <= self.limit {
                break;
            }
            let temporary = self.temporary_name();
            if let Err(error) = std::fs::rename(self.path(&digest), &temporary) {
                tracing::warn!(%digest, error = &error as &dyn std::error::Error, "evicting a code tree failed");
                continue;
            }
            if let Some(entry) = state.trees.remove(&digest) {
                state.total -= entry.size;
            }
            evicted.push(temporary);
        }
        metrics::counter!("nova_code_cache_evicted_total").increment(evicted.len() as u64);
        evicted
    }
}

/// Finds the trees of an earlier process of this boot and removes everything else.
fn recover(dir: &Path) -> FaultResult<State> {
    let failed = |error| disk_fault("read", dir, error);
    let boot = std::fs::read_to_string(BOOT_ID).unwrap_or_default();
    let marker = dir.join(".boot");
    let same_boot = !boot.is_empty() && std::fs::read_to_string(&marker).is_ok_and(|before| before == boot);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let digest = entry.file_name().to_str().and_then(|name| Digest::parse(name).ok());
        match digest.filter(|_| same_boot) {
            Some(digest) => {
                let modified = entry.metadata().and_then(|meta| meta.modified()).map_err(failed)?;
                found.push((modified, digest, size_on_disk(&entry.path()).map_err(failed)?));
            }
            None if entry.path() == marker => {}
            None => remove_all(&[entry.path()]),
        }
    }
    std::fs::write(&marker, boot).map_err(|error| disk_fault("write", &marker, error))?;
    found.sort_unstable();
    let mut state = State::default();
    for (_, digest, size) in found {
        state.uses += 1;
        state.total += size;
        state.trees.insert(digest, Entry { guard: Arc::new(()), size, used: state.uses });
    }
    Ok(state)
}

fn set_mode(dir: &Path) -> FaultResult<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir, mode).map_err(|error| disk_fault("set the mode of", dir, error))
}

/// Bytes of a tree with what its files take besides.
fn size_on_disk(dir: &Path) -> std::io::Result<u64> {
    let mut size = FILE_OVERHEAD;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        size += match entry.file_type()?.is_dir() {
            true => size_on_disk(&entry.path())?,
            false => entry.metadata()?.len() + FILE_OVERHEAD,
        };
    }
    Ok(size)
}

/// Deletes trees; what cannot be deleted now goes at the next start.
fn remove_all(paths: &[PathBuf]) {
    for path in paths {
        let removed = match std::fs::symlink_metadata(path) {
            Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path),
            Ok(_) => std::fs::remove_file(path),
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(path = %path.display(), error, "removing a code tree failed");
        }
    }
}
