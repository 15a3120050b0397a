//! One database file: its writer and its readers.

use std::path::Path;
use std::sync::Arc;

use nova_domain::{Fault, FaultResult};
use rusqlite::Connection;

use super::ENGINE;
use super::audit::append;
use super::lock::DirectoryLock;
use super::open::{FileKind, open_reader, open_writer, path_of};
use super::reader::Readers;
use super::writer::Writer;
use crate::audit;
use crate::error::StoreResult;
use crate::observe::observed;
use crate::options::StoreOptions;

/// An open file.
pub(super) struct File {
    writer: Writer,
    readers: Readers,
    /// Whether writes are changes of configuration, each with its entry in the audit log.
    audited: bool,
}

impl File {
    /// Opens the file and starts its threads; blocking. Each thread holds `lock`.
    pub(super) fn open(
        dir: &Path,
        kind: FileKind,
        options: &StoreOptions,
        lock: Arc<DirectoryLock>,
    ) -> Result<Self, Fault> {
        let path = path_of(dir, kind);
        let connection = open_writer(&path, kind)?;
        let readers: Vec<_> =
            (0..options.readers.max(1)).map(|_| open_reader(&path, kind)).collect::<Result<_, _>>()?;
        let thread = |error: std::io::Error| Fault::internal("start a database thread").with_source(error);
        Ok(Self {
            writer: Writer::start(kind.name, connection, options, lock.clone()).map_err(thread)?,
            readers: Readers::start(kind.name, readers, options, &lock).map_err(thread)?,
            audited: kind.audited,
        })
    }

    /// Runs `work` on a reader. `op` labels the metrics.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> FaultResult<T> {
        observed(ENGINE, op, self.readers.run(work)).await
    }

    /// Runs `work` on the writer in a savepoint of its own; returns once it is on disk
    /// (as far as the file's `synchronous` setting goes). A caller that goes away while
    /// it waits does not write; one that goes away later may have written. A change of
    /// configuration is stored together with its entry in the audit log.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> FaultResult<T> {
        let Some(draft) = self.audited.then(|| audit::draft_of(op)).flatten() else {
            return self.write_plain(op, work).await;
        };
        let audited = move |connection: &Connection| {
            let before = connection.total_changes();
            let done = work(connection)?;
            // What changed nothing has no entry.
            if connection.total_changes() > before {
                append(connection, &draft)?;
            }
            Ok(done)
        };
        self.write_plain(op, audited).await
    }

    /// The same without an entry in the audit log.
    pub(super) async fn write_plain<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> FaultResult<T> {
        observed(ENGINE, op, self.writer.run(work)).await
    }

    /// Whether writer and readers answer.
    pub(super) async fn ping(&self) -> FaultResult<()> {
        let one = |connection: &Connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?);
        self.read("ping", one).await?;
        self.write("ping", one).await
    }

    /// Finishes what was accepted and ends the threads; blocking.
    pub(super) fn close(&self) {
        self.readers.close();
        self.writer.close();
    }
}
