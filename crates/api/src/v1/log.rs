//! Log lines.

use nova_domain::Timestamp;
use nova_domain::log::LogStream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema;

/// One line that a function printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLineView {
    /// Place of the line in the function's log; the SSE id when following.
    pub cursor: String,
    /// When it was printed.
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub at: Timestamp,
    #[schema(schema_with = schema::log_stream)]
    pub stream: LogStream,
    /// Without line end. Long lines are cut and marked.
    pub text: String,
    /// The run that printed it.
    pub request_id: String,
}
