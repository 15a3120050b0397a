//! How a handler refuses: with a fault, which the edge turns into a problem document, because
//! only the edge knows the request's id.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use nova_domain::{Code, Fault};

/// A fault on its way to the edge.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) fault: Fault,
    /// Instead of the code's own status.
    pub(crate) status: Option<StatusCode>,
}

/// What handlers return.
pub(crate) type Answer = Result<Response, Refused>;

impl Refused {
    /// The client took too long to send its request.
    pub(crate) fn too_slow(message: impl Into<String>) -> Self {
        let fault = Fault::new(Code::DeadlineExceeded, message);
        Self { fault, status: Some(StatusCode::REQUEST_TIMEOUT) }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, status: None }
    }
}

/// The fault in the extensions of an answer that has no body yet.
#[derive(Clone)]
pub(crate) struct Pending(pub(crate) std::sync::Arc<Refused>);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self
            .status
            .or_else(|| StatusCode::from_u16(self.fault.code().http_status()).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(Pending(std::sync::Arc::new(self)));
        response
    }
}
