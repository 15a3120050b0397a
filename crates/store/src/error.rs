//! Why the store could not do something, and how planes are told.

use nova_domain::{Code, Fault};

/// Result inside this crate.
pub(crate) type StoreResult<T> = Result<T, StoreError>;

/// What can go wrong below the repositories.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The caller's doing (not found, conflict ..); passed on as it is.
    #[error("{0}")]
    Refused(Fault),
    #[error("sqlite")]
    Sqlite(#[from] rusqlite::Error),
    #[error("postgres")]
    Postgres(#[from] tokio_postgres::Error),
    #[error("no free database connection: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
    #[error("the database worker is busy; nothing was free for {waited_ms} ms")]
    Busy { waited_ms: u128 },
    #[error("the store is closed")]
    Closed,
    #[error("the statement was ended after its time limit")]
    TimedOut,
    #[error("the transaction of this write was lost: {0}")]
    TransactionLost(String),
    #[error("a write ended in a panic")]
    Panicked,
    #[error("stored {what} cannot be read: {why}")]
    Unreadable { what: &'static str, why: String },
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault)
    }
}

impl StoreError {
    /// A stored value that this program does not understand.
    pub(crate) fn unreadable(what: &'static str, why: impl ToString) -> Self {
        Self::Unreadable { what, why: why.to_string() }
    }

    /// Whether the engine failed, as opposed to a refusal.
    pub(crate) fn is_failure(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    /// Whether the database is only not there right now.
    fn is_passing(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull};
        match self {
            Self::Pool(_) | Self::Busy { .. } | Self::Closed | Self::TimedOut => true,
            Self::Sqlite(error) => {
                matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked | DiskFull))
            }
            Self::Postgres(error) => match error.code() {
                // Connection, resources, operator intervention; serialisation and deadlock.
                Some(code) => ["08", "53", "57", "40"].iter().any(|class| code.code().starts_with(class)),
                None => true,
            },
            _ => false,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        match error {
            StoreError::Refused(fault) => fault,
            error if error.is_passing() => {
                Fault::new(Code::Unavailable, "the database does not answer right now; try again in a moment")
                    .with_retry_after(std::time::Duration::from_secs(1))
                    .with_source(error)
            }
            error => Fault::internal("store").with_source(error),
        }
    }
}
