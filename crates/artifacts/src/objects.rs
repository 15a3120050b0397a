//! Bytes by their SHA-256, in local files or an S3-compatible store.
//!
//! An object's key is `objects/<first two digits>/<all 64 digits>`. Local files are written
//! to a temporary name, synced, renamed and the directory synced. Storing what is there
//! already writes it again, so that its age starts anew and garbage collection, which goes
//! by age, leaves it alone until whatever refers to it is stored.

use std::collections::HashSet;
use std::fmt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use nova_domain::ports::Objects;
use nova_domain::{Code, Digest, Fault, FaultResult, Timestamp};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use sha2::{Digest as _, Sha256};

use crate::disk_fault;

/// Largest object, bytes.
pub const OBJECT_MAX: usize = 256 * 1024 * 1024;

/// Above this the digest is computed on a thread for blocking work.
const HASH_INLINE_MAX: usize = 256 * 1024;

/// Where an S3-compatible store is. `Debug` does not show the secret.
#[derive(Clone)]
pub struct S3Settings {
    pub bucket: String,
    /// Put before every key, without slashes at its ends; empty for none.
    pub prefix: String,
    /// `https://host[:port]` of a store that is not AWS.
    pub endpoint: Option<String>,
    pub region: String,
    /// Both `None`: from the environment or the instance, as AWS's own tools do.
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
    /// Allows an `http://` endpoint, whose traffic anyone on the way can read.
    pub allow_http: bool,
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &self.secret_access_key.as_ref().map(|_| "***"))
            .field("allow_http", &self.allow_http)
            .finish()
    }
}

/// Keeps objects. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ObjectStorage {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    /// Of local files.
    root: Option<PathBuf>,
}

/// What a garbage collection did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    pub deleted: u64,
    pub deleted_bytes: u64,
    /// Objects that stay: referenced, or not old enough.
    pub kept: u64,
}

impl ObjectStorage {
    /// Objects in local files below `dir`, which is made with mode 0700 if it is missing.
    pub fn local(dir: &Path) -> FaultResult<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| disk_fault("create", dir, error))?;
        let store = LocalFileSystem::new_with_prefix(dir)
            .map_err(|error| Fault::internal(format!("open {}", dir.display())).with_source(error))?
            .with_fsync(true);
        Ok(Self { store: Arc::new(store), prefix: Key::from("objects"), root: Some(dir.join("objects")) })
    }

    /// Objects in an S3-compatible store. Makes no request; [`ping`](Self::ping) does.
    pub fn s3(settings: &S3Settings) -> FaultResult<Self> {
        let retry =
            RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
        let client = ClientOptions::new()
            .with_timeout(Duration::from_secs(60))
            .with_connect_timeout(Duration::from_secs(5))
            .with_allow_http(settings.allow_http);
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_retry(retry)
            .with_client_options(client);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
        }
        if let (Some(id), Some(secret)) = (&settings.access_key_id, &settings.secret_access_key) {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        let store = builder.build().map_err(|error| {
            Fault::invalid("the settings of the S3 object store are not valid").with_source(error)
        })?;
        let prefix = match settings.prefix.trim_matches('/') {
            "" => Key::from("objects"),
            prefix => Key::from(format!("{prefix}/objects")),
        };
        Ok(Self { store: Arc::new(store), prefix, root: None })
    }

    /// Whether the store answers; for readiness.
    pub async fn ping(&self) -> FaultResult<()> {
        match self.store.list(Some(&self.prefix)).next().await {
            Some(Err(error)) => Err(store_fault("list objects", error)),
            _ => Ok(()),
        }
    }

    /// Deletes every object that is not in `referenced` and was last stored more than
    /// `grace` before `now` (at least the time from storing an object to storing what
    /// refers to it; an hour is plenty).
    ///
    /// Read `referenced` before you call this. An object that is stored again meanwhile
    /// is young and stays; on a store shared by several servers there is a gap of one
    /// request between the last look at its age and the deletion.
    pub async fn collect(
        &self,
        referenced: &HashSet<Digest>,
        now: Timestamp,
        grace: Duration,
    ) -> FaultResult<Collected> {
        let grace = i64::try_from(grace.as_micros()).unwrap_or(i64::MAX);
        let before = now.plus_micros(grace.saturating_neg());
        let mut collected = Collected::default();
        let mut objects = self.store.list(Some(&self.prefix));
        while let Some(meta) = objects.next().await {
            let meta = meta.map_err(|error| store_fault("list objects", error))?;
            let unwanted = digest_of(&meta.location).is_some_and(|digest| !referenced.contains(&digest));
            if unwanted && stored_at(&meta) < before && self.delete_if_old(&meta.location, before).await? {
                collected.deleted += 1;
                collected.deleted_bytes += meta.size;
            } else {
                collected.kept += 1;
            }
        }
        if let Some(root) = self.root.clone() {
            let swept = tokio::task::spawn_blocking(move || sweep_staged(&root, before)).await;
            swept.map_err(|error| Fault::internal("sweep half-written objects").with_source(error))?;
        }
        metrics::counter!("nova_objects_collected_total").increment(collected.deleted);
        Ok(collected)
    }

    /// Looks at the age once more, because the list may be some minutes old.
    async fn delete_if_old(&self, key: &Key, before: Timestamp) -> FaultResult<bool> {
        match self.store.head(key).await {
            Ok(meta) if stored_at(&meta) < before => {}
            Ok(_) | Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(store_fault("look at an object", error)),
        }
        match self.store.delete(key).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(store_fault("delete an object", error)),
        }
    }

    fn key(&self, digest: &Digest) -> Key {
        let text = digest.to_string();
        self.prefix.clone().join(&text[..2]).join(text)
    }
}

#[async_trait]
impl Objects for ObjectStorage {
    async fn put(&self, bytes: Bytes) -> FaultResult<Digest> {
        if bytes.len() > OBJECT_MAX {
            return Err(Fault::new(
                Code::PayloadTooLarge,
                format!("an object of {} bytes is too large: the limit is {OBJECT_MAX}", bytes.len()),
            ));
        }
        let digest = digest_bytes(&bytes).await?;
        let stored = self.store.put(&self.key(&digest), bytes.into()).await;
        stored.map_err(|error| store_fault("store an object", error))?;
        Ok(digest)
    }

    async fn get(&self, digest: &Digest) -> FaultResult<Bytes> {
        let result = match self.store.get(&self.key(digest)).await {
            Err(object_store::Error::NotFound { .. }) => return Err(Fault::not_found("object", digest)),
            other => other.map_err(|error| store_fault("read an object", error))?,
        };
        if result.meta.size > OBJECT_MAX as u64 {
            return Err(Fault::internal(format!("object {digest} has {} bytes", result.meta.size)));
        }
        let bytes = result.bytes().await.map_err(|error| store_fault("read an object", error))?;
        if digest_bytes(&bytes).await? != *digest {
            metrics::counter!("nova_objects_damaged_total").increment(1);
            return Err(Fault::internal(format!(
                "object {digest} is damaged: its bytes have another digest"
            )));
        }
        Ok(bytes)
    }
}

/// SHA-256 of `bytes`.
pub fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

async fn digest_bytes(bytes: &Bytes) -> FaultResult<Digest> {
    if bytes.len() <= HASH_INLINE_MAX {
        return Ok(digest(bytes));
    }
    let bytes = bytes.clone();
    tokio::task::spawn_blocking(move || digest(&bytes))
        .await
        .map_err(|error| Fault::internal("compute a digest").with_source(error))
}

fn digest_of(key: &Key) -> Option<Digest> {
    Digest::parse(key.filename()?).ok()
}

fn stored_at(meta: &ObjectMeta) -> Timestamp {
    Timestamp::from_micros(meta.last_modified.timestamp_micros())
}

/// Removes temporary files (`<digest>#<number>`) that a crash left behind.
fn sweep_staged(root: &Path, before: Timestamp) {
    let entries = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten();
    for file in entries(root).flat_map(|shard| entries(&shard.path())) {
        let name = file.file_name();
        let staged = name.to_str().and_then(|name| name.split_once('#')).is_some();
        let old = file.metadata().and_then(|meta| meta.modified()).is_ok_and(|at| {
            let age = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_micros();
            i64::try_from(age).unwrap_or(i64::MAX) < before.as_micros()
        });
        if staged && old {
            // Whoever renamed it meanwhile has made an object of it.
            let _ = std::fs::remove_file(file.path());
        }
    }
}

fn store_fault(what: &str, error: object_store::Error) -> Fault {
    Fault::new(Code::Unavailable, "the object store does not answer right now; try again in a moment")
        .with_retry_after(Duration::from_secs(1))
        .with_source(format!("{what}: {error}"))
}
