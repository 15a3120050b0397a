//! The part of AWS's API that is offered, as its clients read it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Begin of every path of Lambda's API of 2015.
pub const PREFIX: &str = "/2015-03-31/";
/// `RequestResponse`, `Event` or `DryRun`.
pub const INVOCATION_TYPE: &str = "x-amz-invocation-type";
/// `None` or `Tail`.
pub const LOG_TYPE: &str = "x-amz-log-type";
/// The end of the log, base64.
pub const LOG_RESULT: &str = "x-amz-log-result";
/// JSON for the function's context, base64.
pub const CLIENT_CONTEXT: &str = "x-amz-client-context";
/// Set if the answer is a function's error.
pub const FUNCTION_ERROR: &str = "x-amz-function-error";
/// The version that ran.
pub const EXECUTED_VERSION: &str = "x-amz-executed-version";

/// An error; its name is in the header `x-amzn-ErrorType`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = AwsError)]
pub struct Error {
    /// `User` or `Service`: whose fault it is.
    #[serde(rename = "Type")]
    pub by: String,
    #[serde(rename = "Message")]
    pub message: String,
    /// The same text; some clients read the one, some the other.
    #[serde(rename = "message")]
    pub again: String,
}

impl Error {
    /// An error with a public text.
    pub fn new(by: &str, message: &str) -> Self {
        Self { by: by.to_owned(), message: message.to_owned(), again: message.to_owned() }
    }
}

/// What a function's error looks like, in place of its output.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    pub error_message: String,
    pub error_type: String,
    pub request_id: String,
    #[serde(default)]
    pub stack_trace: Vec<String>,
}
