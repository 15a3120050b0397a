//! The reader threads of one file.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::lock::DirectoryLock;
use crate::error::{StoreError, StoreResult};
use crate::options::StoreOptions;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Virtual machine steps of SQLite between two looks at the clock: some tens of microseconds.
const STEPS_PER_LOOK: i32 = 10_000;

/// Sends requests to a few threads with read-only connections.
pub(super) struct Readers {
    sender: Mutex<Option<mpsc::Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    acquire_timeout: Duration,
    statement_timeout: Duration,
}

impl Readers {
    /// Starts one thread per connection.
    pub(super) fn start(
        name: &str,
        connections: Vec<Connection>,
        options: &StoreOptions,
        lock: &Arc<DirectoryLock>,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel::<Job>(options.queue.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for mut connection in connections {
            let (receiver, lock) = (receiver.clone(), lock.clone());
            threads.push(std::thread::Builder::new().name(format!("{name} reader")).spawn(move || {
                // One thread waits in the channel, the others for their turn at it.
                while let Some(job) = {
                    let mut receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
                    receiver.blocking_recv()
                } {
                    job(&mut connection);
                }
                drop(connection);
                drop(lock);
            })?);
        }
        Ok(Self {
            sender: Mutex::new(Some(sender)),
            threads: Mutex::new(threads),
            acquire_timeout: options.acquire_timeout,
            statement_timeout: options.statement_timeout,
        })
    }

    /// Runs `work` on a free reader, all its statements on one snapshot.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sender = sender.ok_or(StoreError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let limit = self.statement_timeout;
        let job: Job = Box::new(move |connection| {
            if reply.is_closed() {
                return;
            }
            let result = catch_unwind(AssertUnwindSafe(|| on_snapshot(connection, limit, work)));
            let _ = reply.send(result.unwrap_or(Err(StoreError::Panicked)));
        });
        match tokio::time::timeout(self.acquire_timeout, sender.send(job)).await {
            Ok(sent) => sent.map_err(|_| StoreError::Closed)?,
            Err(_) => return Err(StoreError::Busy { waited_ms: self.acquire_timeout.as_millis() }),
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Lets the threads finish what was accepted, and waits for them.
    pub(super) fn close(&self) {
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a database reader ended in a panic");
            }
        }
    }
}

fn on_snapshot<T>(
    connection: &mut Connection,
    limit: Duration,
    work: impl FnOnce(&Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    let deadline = Instant::now() + limit;
    connection.progress_handler(STEPS_PER_LOOK, Some(move || Instant::now() >= deadline))?;
    // Dropping a read transaction ends it, also when `work` fails or panics.
    let transaction = connection.transaction()?;
    let result = work(&transaction);
    match result {
        Err(StoreError::Sqlite(error))
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
        {
            Err(StoreError::TimedOut)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_query_that_takes_too_long_is_ended_and_the_reader_goes_on() {
        let dir = tempfile::tempdir().expect("temp dir");
        let lock = Arc::new(DirectoryLock::take(dir.path()).expect("free"));
        let connection = Connection::open_in_memory().expect("opens");
        let options =
            StoreOptions { statement_timeout: Duration::from_millis(50), ..StoreOptions::default() };
        let readers = Readers::start("x", vec![connection], &options, &lock).expect("starts");
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        let result: StoreResult<i64> =
            readers.run(move |connection| Ok(connection.query_row(endless, [], |row| row.get(0))?)).await;
        assert!(matches!(result, Err(StoreError::TimedOut)), "{result:?}");
        let one: i64 = readers
            .run(|connection| Ok(connection.query_row("SELECT 1", [], |row| row.get(0))?))
            .await
            .expect("works again");
        assert_eq!(one, 1);
    }
}
