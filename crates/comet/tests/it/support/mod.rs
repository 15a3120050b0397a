//! What the tests stand on.

pub mod fake;
pub mod host;
pub mod keeper;
pub mod names;
pub mod world;

use std::future::Future;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use tokio::runtime::Runtime;

/// Threads of [`runtime`].
pub const WORKERS: usize = 2;

/// The runtime of everything that is shared between tests.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().unwrap()
    })
}

/// A test on the shared runtime. None may take longer than a minute.
pub fn trial<F, Fut>(name: impl Into<String>, test: F) -> Trial
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = ()>,
{
    Trial::test(name, move || {
        runtime().block_on(async {
            let limit = Duration::from_secs(60);
            tokio::time::timeout(limit, test()).await.map_err(|_| "it took longer than a minute".into())
        })
    })
}

/// A test on a runtime of its own with one thread, whose clock jumps to the next timer
/// when nothing else is to do.
pub fn paused_trial<F, Fut>(name: impl Into<String>, test: F) -> Trial
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = ()>,
{
    Trial::test(name, move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(test());
        Ok(())
    })
}

/// Waits until `probe` gives something; fails with `what` after ten seconds.
pub async fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "not within 10 s: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
