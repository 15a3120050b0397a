//! The writer thread of one file, with group commit.
//!
//! It takes what waits, runs each request in a savepoint inside one transaction, commits
//! once, and only then answers: many requests share one fsync, and one that fails does not
//! take its neighbours along. While a commit is on its way to the disk the next group
//! gathers by itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::lock::DirectoryLock;
use crate::error::{StoreError, StoreResult};
use crate::options::StoreOptions;

/// Most requests of one group.
const GROUP_MAX: usize = 256;
/// A group is committed after this time, even if more wait.
const GROUP_TIME: Duration = Duration::from_millis(20);

/// A request as the writer sees it.
trait Job: Send {
    /// Whether nobody waits for it any more.
    fn abandoned(&self) -> bool;
    /// Does the work and keeps the result; whether it succeeded.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Replaces the result.
    fn fail(&mut self, error: StoreError);
    /// Hands over the result.
    fn answer(self: Box<Self>);
}

struct Request<T, F> {
    work: Option<F>,
    result: Option<StoreResult<T>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T, F> Job for Request<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> StoreResult<T> + Send,
{
    fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        let result = catch_unwind(AssertUnwindSafe(|| work(connection)));
        let result = result.unwrap_or(Err(StoreError::Panicked));
        let succeeded = result.is_ok();
        self.result = Some(result);
        succeeded
    }

    fn fail(&mut self, error: StoreError) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // The caller may be gone; what it wrote stays.
            let _ = self.reply.send(result);
        }
    }
}

/// Sends requests to the writer thread.
pub(super) struct Writer {
    sender: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    acquire_timeout: Duration,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        name: &str,
        connection: Connection,
        options: &StoreOptions,
        lock: Arc<DirectoryLock>,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(options.queue.max(1));
        let thread = std::thread::Builder::new().name(format!("{name} writer")).spawn(move || {
            work_through(connection, receiver);
            drop(lock);
        })?;
        Ok(Self {
            sender: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            acquire_timeout: options.acquire_timeout,
        })
    }

    /// Runs `work` in a savepoint and returns its result after the commit.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sender = sender.ok_or(StoreError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Request { work: Some(work), result: None, reply });
        match tokio::time::timeout(self.acquire_timeout, sender.send(request)).await {
            Ok(sent) => sent.map_err(|_| StoreError::Closed)?,
            Err(_) => return Err(StoreError::Busy { waited_ms: self.acquire_timeout.as_millis() }),
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Lets the thread finish what was accepted, and waits for it.
    pub(super) fn close(&self) {
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("a database writer ended in a panic");
        }
    }
}

fn work_through(connection: Connection, mut receiver: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = receiver.blocking_recv() {
        let group = run_group(&connection, first, &mut receiver);
        for job in group {
            job.answer();
        }
    }
    // Leaves a small file behind and no -wal.
    if let Err((_, error)) = connection.close() {
        tracing::warn!(error = &error as &dyn std::error::Error, "closing a database file failed");
    }
}

/// Runs `first` and what waits behind it in one transaction; returns the jobs with their results.
fn run_group(
    connection: &Connection,
    first: Box<dyn Job>,
    receiver: &mut mpsc::Receiver<Box<dyn Job>>,
) -> Vec<Box<dyn Job>> {
    let mut group = Vec::new();
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let mut first = first;
        first.fail(error.into());
        group.push(first);
        return group;
    }
    let began = Instant::now();
    let mut next = Some(first);
    while let Some(mut job) = next {
        if !job.abandoned() {
            let intact = run_in_savepoint(connection, &mut *job);
            group.push(job);
            if !intact {
                return lost(connection, group, "a statement rolled it back");
            }
        }
        if group.len() >= GROUP_MAX || began.elapsed() >= GROUP_TIME {
            break;
        }
        next = receiver.try_recv().ok();
    }
    match connection.execute_batch("COMMIT") {
        Ok(()) => group,
        Err(error) => lost(connection, group, &error.to_string()),
    }
}

/// Runs one job; `false` if the whole transaction is gone (disk full, I/O error).
fn run_in_savepoint(connection: &Connection, job: &mut dyn Job) -> bool {
    if let Err(error) = connection.execute_batch("SAVEPOINT job") {
        job.fail(error.into());
        return !connection.is_autocommit();
    }
    let end = if job.run(connection) { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    if connection.is_autocommit() {
        return false;
    }
    match connection.execute_batch(end) {
        Ok(()) => true,
        Err(error) => {
            job.fail(error.into());
            false
        }
    }
}

/// Nothing of the group is stored: everyone hears so.
fn lost(connection: &Connection, mut group: Vec<Box<dyn Job>>, why: &str) -> Vec<Box<dyn Job>> {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(error = &error as &dyn std::error::Error, "rolling back a transaction failed");
    }
    for job in &mut group {
        job.fail(StoreError::TransactionLost(why.to_owned()));
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(dir: &std::path::Path) -> Writer {
        let connection = Connection::open(dir.join("x.db")).expect("opens");
        connection.execute_batch("CREATE TABLE t (x INTEGER PRIMARY KEY)").expect("creates");
        let lock = Arc::new(DirectoryLock::take(dir).expect("free"));
        Writer::start("x", connection, &StoreOptions::default(), lock).expect("starts")
    }

    fn insert(x: i64) -> impl FnOnce(&Connection) -> StoreResult<()> + Send {
        move |connection| Ok(connection.execute("INSERT INTO t VALUES (?1)", [x]).map(|_| ())?)
    }

    #[tokio::test]
    async fn a_request_that_fails_leaves_its_neighbours_of_the_same_group_alone() {
        let dir = tempfile::tempdir().expect("temp dir");
        let writer = writer(dir.path());
        // The first holds the thread until the others wait, so that they become one group.
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let hold = writer.run(move |_| Ok(gate.recv().is_ok()));
        let good = writer.run(insert(1));
        let twice = writer.run(|connection: &Connection| {
            connection.execute("INSERT INTO t VALUES (7)", [])?;
            insert(1)(connection)
        });
        let bug = writer.run(|_| -> StoreResult<()> { panic!("a bug") });
        let last = writer.run(insert(2));
        let release = async { go.send(()).expect("held") };
        let (held, good, twice, bug, last, ()) = tokio::join!(hold, good, twice, bug, last, release);
        assert!(held.is_ok() && good.is_ok() && last.is_ok());
        assert!(matches!(twice, Err(StoreError::Sqlite(_))));
        assert!(matches!(bug, Err(StoreError::Panicked)));
        let rows: i64 = writer
            .run(|connection| {
                Ok(connection.query_row("SELECT group_concat(x) = '1,2' FROM t", [], |row| row.get(0))?)
            })
            .await
            .expect("reads");
        assert_eq!(rows, 1, "the failed request's first insert is gone, the others' stay");
    }

    #[tokio::test]
    async fn a_lost_transaction_fails_every_request_of_its_group_and_the_next_works() {
        let dir = tempfile::tempdir().expect("temp dir");
        let writer = writer(dir.path());
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let hold = writer.run(move |_| Ok(gate.recv().is_ok()));
        let good = writer.run(insert(1));
        let rollback = writer.run(|connection: &Connection| Ok(connection.execute_batch("ROLLBACK")?));
        let release = async { go.send(()).expect("held") };
        let (held, good, rollback, ()) = tokio::join!(hold, good, rollback, release);
        for lost in [held.map(drop), good, rollback] {
            assert!(matches!(lost, Err(StoreError::TransactionLost(_))));
        }
        writer.run(insert(1)).await.expect("the next group works, and row 1 was not stored");
    }

    #[tokio::test]
    async fn a_closed_writer_has_finished_what_it_accepted_and_refuses_more() {
        let dir = tempfile::tempdir().expect("temp dir");
        let writer = Arc::new(writer(dir.path()));
        writer.run(insert(1)).await.expect("stored");
        let closing = writer.clone();
        tokio::task::spawn_blocking(move || closing.close()).await.expect("closes");
        assert!(matches!(writer.run(insert(2)).await, Err(StoreError::Closed)));
        assert!(DirectoryLock::take(dir.path()).is_ok(), "the directory is free again");
    }
}
