//! Why a request brought no result.

use crate::v1::Problem;

/// Why a request brought no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error("{0:?} is not an address; write it like http://127.0.0.1:9000")]
    BadAddress(String),
    /// The text holds no certificates.
    #[error("this file holds no certificate in PEM (-----BEGIN CERTIFICATE-----)")]
    BadAuthority,
    /// No connection, or it broke.
    #[error("no answer from {address}; is `nova serve` running there?")]
    Unreachable {
        address: String,
        #[source]
        source: Box<reqwest::Error>,
    },
    /// The server refused or failed, and says why.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// An answer without problem document, of something that is not Nova.
    #[error("the answer has status {status} and no problem document: {text}")]
    Status { status: u16, text: String },
    /// An answer 2xx that cannot be read.
    #[error("the answer cannot be read; client and server may be of different versions")]
    BadAnswer(#[source] serde_json::Error),
    /// An event stream that breaks its own rules or ends too early.
    #[error("the event stream cannot be read: {0}")]
    BadStream(&'static str),
}

impl ClientError {
    pub(super) fn unreachable(address: &str, source: reqwest::Error) -> Self {
        Self::Unreachable { address: address.to_owned(), source: Box::new(source) }
    }

    /// The problem document, if the server sent one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }
}
