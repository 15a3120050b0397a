//! The cache of unpacked code.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use nova_artifacts::cache::CodeCache;
use nova_artifacts::objects::ObjectStorage;
use nova_artifacts::trees::{self, Tree};
use nova_domain::ports::{CodeTrees, Objects};
use nova_domain::{Code, Digest, FaultResult};

/// Objects that count how often they are fetched.
struct Counted {
    objects: ObjectStorage,
    gets: AtomicU64,
}

#[async_trait]
impl Objects for Counted {
    async fn put(&self, bytes: Bytes) -> FaultResult<Digest> {
        self.objects.put(bytes).await
    }

    async fn get(&self, digest: &Digest) -> FaultResult<Bytes> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.objects.get(digest).await
    }
}

struct Bench {
    objects: Arc<Counted>,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let objects = ObjectStorage::local(&dir.path().join("data")).expect("opens");
        Self { objects: Arc::new(Counted { objects, gets: AtomicU64::new(0) }), dir }
    }

    fn cache(&self, limit: u64) -> CodeCache {
        CodeCache::open(&self.dir.path().join("cache"), self.objects.clone(), limit).expect("opens")
    }

    fn trees_on_disk(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path().join("cache/code")).expect("reads");
        let names = entries.map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"));
        let mut names: Vec<_> = names.filter(|name| name != ".boot").collect();
        names.sort();
        names
    }

    fn gets(&self) -> u64 {
        self.objects.gets.load(Ordering::Relaxed)
    }

    /// Stores a tree whose one file has `size` bytes of `fill`.
    async fn tree(&self, fill: u8, size: usize) -> Digest {
        let mut tree = Tree::new();
        tree.add("pkg/main.py", Bytes::from(vec![fill; size]), false).expect("adds");
        self.objects.put(trees::pack(&tree)).await.expect("stores")
    }
}

fn content(path: &Path) -> u8 {
    std::fs::read(path.join("pkg/main.py")).expect("reads")[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_of_one_digest_fetch_and_unpack_it_once() {
    let bench = Bench::new();
    let digest = bench.tree(b'x', 1000).await;
    let cache = bench.cache(1 << 30);
    let callers = (0..32).map(|_| {
        let cache = cache.clone();
        tokio::spawn(async move { cache.materialise(&digest).await })
    });
    for caller in callers.collect::<Vec<_>>() {
        let tree = caller.await.expect("no panic").expect("materialises");
        assert_eq!(content(&tree.path), b'x');
        assert!(tree.path.ends_with(digest.to_string()));
    }
    assert_eq!(bench.gets(), 1);
    assert_eq!(bench.trees_on_disk(), [digest.to_string()]);
}

#[tokio::test]
async fn the_longest_unused_go_first_and_what_is_held_stays() {
    let bench = Bench::new();
    let digests = [bench.tree(1, 100_000).await, bench.tree(2, 100_000).await, bench.tree(3, 100_000).await];
    // Room for two.
    let cache = bench.cache(250_000);
    let held = cache.materialise(&digests[0]).await.expect("materialises");
    drop(cache.materialise(&digests[1]).await.expect("materialises"));
    drop(cache.materialise(&digests[2]).await.expect("materialises"));
    let mut expected = [digests[0].to_string(), digests[2].to_string()];
    expected.sort();
    assert_eq!(bench.trees_on_disk(), expected, "the second was not held");
    assert_eq!(content(&held.path), 1);
    drop(held);
    drop(cache.materialise(&digests[1]).await.expect("fetches it again"));
    assert!(!bench.trees_on_disk().contains(&digests[0].to_string()), "no longer held, and used least");
    assert!(cache.size() <= 250_000);
}

#[tokio::test]
async fn everything_held_may_go_over_the_limit_and_comes_back_below_it() {
    let bench = Bench::new();
    let (one, two) = (bench.tree(1, 100_000).await, bench.tree(2, 100_000).await);
    let cache = bench.cache(1);
    let held =
        [cache.materialise(&one).await.expect("first"), cache.materialise(&two).await.expect("second")];
    assert_eq!(bench.trees_on_disk().len(), 2);
    drop(held);
    let three = bench.tree(3, 10).await;
    let last = cache.materialise(&three).await.expect("third");
    assert_eq!(bench.trees_on_disk(), [three.to_string()]);
    assert_eq!(content(&last.path), 3);
}

#[tokio::test]
async fn a_restart_keeps_whole_trees_and_removes_half_made_ones() {
    let bench = Bench::new();
    let digest = bench.tree(b'x', 1000).await;
    let size = {
        let cache = bench.cache(1 << 30);
        cache.materialise(&digest).await.expect("materialises");
        cache.size()
    };
    let code = bench.dir.path().join("cache/code");
    std::fs::create_dir_all(code.join(".tmp-1-0/pkg")).expect("a crash leaves this");
    std::fs::write(code.join("junk"), "x").expect("writes");
    let cache = bench.cache(1 << 30);
    assert_eq!(bench.trees_on_disk(), [digest.to_string()]);
    assert_eq!(cache.size(), size);
    cache.materialise(&digest).await.expect("from disk");
    assert_eq!(bench.gets(), 1);
}

#[tokio::test]
async fn after_a_reboot_the_cache_starts_empty() {
    let bench = Bench::new();
    let digest = bench.tree(b'x', 1000).await;
    bench.cache(1 << 30).materialise(&digest).await.expect("materialises");
    std::fs::write(bench.dir.path().join("cache/code/.boot"), "another boot").expect("writes");
    let cache = bench.cache(1 << 30);
    assert!(bench.trees_on_disk().is_empty());
    cache.materialise(&digest).await.expect("fetches it again");
    assert_eq!(bench.gets(), 2);
}

#[tokio::test]
async fn what_cannot_be_made_leaves_nothing_behind() {
    let bench = Bench::new();
    let cache = bench.cache(1 << 30);
    let missing = nova_artifacts::objects::digest(b"missing");
    let fault = cache.materialise(&missing).await.expect_err("missing");
    assert_eq!(fault.code(), Code::Internal);
    assert!(fault.log_line().contains(&missing.to_string()));
    let garbage = bench.objects.put(Bytes::from(vec![7; 3000])).await.expect("stores");
    cache.materialise(&garbage).await.expect_err("no tree");
    assert!(bench.trees_on_disk().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_break_nothing() {
    let bench = Bench::new();
    let digest = bench.tree(b'x', 500_000).await;
    let cache = bench.cache(1 << 30);
    for round in 0..20 {
        let caller = cache.clone();
        let task = tokio::spawn(async move { caller.materialise(&digest).await });
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        task.abort();
        let _ = task.await;
    }
    let tree = cache.materialise(&digest).await.expect("materialises");
    assert_eq!(content(&tree.path), b'x');
}
