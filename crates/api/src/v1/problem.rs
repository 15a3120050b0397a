//! The body of every error: a problem document (RFC 9457, `application/problem+json`).

use nova_domain::{Code, Fault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema;

/// The media type of a problem document.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What went wrong, for programs (`code`, `retryable`) and people (`detail`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:nova:problem:<code>`.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// The kind of problem in a few words; the same for every problem of that code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, where, and what to do now.
    pub detail: String,
    /// Stable reason.
    #[schema(schema_with = schema::code)]
    pub code: String,
    /// The request's id, as in `X-Request-ID`; the log has more under it.
    #[serde(default)]
    pub request_id: String,
    /// Whether the same request may succeed later, unchanged.
    pub retryable: bool,
    /// Complaints about single fields of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// A complaint about one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Dotted path, e.g. `limits.memory_mb`.
    pub field: String,
    pub message: String,
}

impl Problem {
    /// The public side of a fault.
    pub fn of(fault: &Fault, request_id: &str) -> Self {
        let code = fault.code();
        Self {
            problem_type: format!("urn:nova:problem:{code}"),
            title: title(code),
            status: code.http_status(),
            detail: fault.message().to_owned(),
            code: code.as_str().to_owned(),
            request_id: request_id.to_owned(),
            retryable: code.retryable(),
            errors: fault
                .fields()
                .iter()
                .map(|(field, message)| FieldProblem { field: field.clone(), message: message.clone() })
                .collect(),
        }
    }

    /// The fault that this document shows; an unknown code (of a newer server) becomes `Internal`.
    pub fn to_fault(&self) -> Fault {
        let code = Code::ALL.iter().copied().find(|code| code.as_str() == self.code);
        let fault = Fault::new(code.unwrap_or(Code::Internal), self.detail.clone());
        self.errors
            .iter()
            .fold(fault, |fault, error| fault.with_field(error.field.clone(), error.message.clone()))
    }
}

/// `not_found` as `Not found`.
fn title(code: Code) -> String {
    let mut text = code.as_str().replace('_', " ");
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {})", self.detail, self.code, self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_code_survives_the_wire() {
        for code in Code::ALL {
            let fault = Fault::new(*code, "what, where, what now").with_field("name", "is bad");
            let problem = Problem::of(&fault, "r1");
            let text = serde_json::to_string(&problem).expect("plain data");
            let back: Problem = serde_json::from_str(&text).expect("own text");
            assert_eq!(back.to_fault().code(), *code);
            assert_eq!(back.to_fault().fields(), fault.fields());
            assert_eq!(back.status, code.http_status());
        }
        assert_eq!(title(Code::NotFound), "Not found");
    }
}
