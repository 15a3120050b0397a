//! The part of AWS's API that is offered: its paths, its names of functions, its errors.

use std::fmt;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use nova_api::aws;
use nova_control::access::sigv4::Refusal;
use nova_domain::call::{FunctionRef, Qualifier};
use nova_domain::{Code, Fault, FaultResult, FunctionName};

use crate::refused::Refused;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// AWS's name of an error, for a fault whose code does not tell it.
#[derive(Debug)]
pub(crate) struct Named(pub(crate) &'static str);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Named {}

/// A fault that says which error of AWS it is.
pub(crate) fn fault(code: Code, name: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(code, message).with_source(Named(name))
}

/// Whether a path belongs to AWS's API.
pub(crate) fn is_path(path: &str) -> bool {
    path.strip_prefix("/v1").unwrap_or(path).starts_with(aws::PREFIX)
}

/// The function that a segment of the path names: `name`, `name:qualifier`,
/// `account:function:name[:qualifier]` or an ARN. Account and region say nothing here.
pub(crate) fn function_of(text: &str) -> FaultResult<(FunctionName, Option<&str>)> {
    let rest = match text.strip_prefix("arn:") {
        // arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]
        Some(arn) => match arn.splitn(5, ':').collect::<Vec<_>>()[..] {
            [_, "lambda", _, _, rest] => rest.strip_prefix("function:"),
            _ => None,
        },
        None => match text.split_once(":function:") {
            Some((account, rest)) if !account.contains(':') => Some(rest),
            Some(_) => None,
            None => Some(text),
        },
    };
    let (name, qualifier) = match rest
        .map(|rest| rest.split_once(':').map_or((rest, None), |(n, q)| (n, Some(q))))
    {
        Some((name, qualifier)) if !qualifier.is_some_and(|q| q.is_empty() || q.contains(':')) => {
            (name, qualifier)
        }
        _ => {
            let shown: String = text.chars().take(80).collect();
            return Err(Fault::invalid(format!(
                "{shown:?} names no function: write NAME, NAME:QUALIFIER or arn:aws:lambda:REGION:ACCOUNT:function:NAME"
            )));
        }
    };
    Ok((FunctionName::new(name)?, qualifier))
}

/// The function and version that path and query name together.
pub(crate) fn target(text: &str, query: Option<&str>) -> FaultResult<FunctionRef> {
    let (name, in_name) = function_of(text)?;
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let in_query = pairs.into_iter().find(|(name, _)| name == "Qualifier").map(|(_, value)| value);
    let qualifier = match (in_name, in_query.as_deref()) {
        (Some(one), Some(other)) if one != other => {
            return Err(Fault::invalid(
                "the name and the parameter Qualifier name different versions; name one",
            ));
        }
        (Some(text), _) | (None, Some(text)) => Qualifier::parse(text)?,
        (None, None) => Qualifier::Active,
    };
    Ok(FunctionRef { name, qualifier })
}

/// Status and name of AWS's error for a fault.
fn kind(fault: &Fault) -> (u16, &'static str) {
    let code = fault.code();
    let source = std::error::Error::source(fault);
    let named = source.and_then(|source| source.downcast_ref::<Named>());
    let refusal = source.and_then(|source| source.downcast_ref::<Refusal>());
    let (status, name) = match code {
        Code::InvalidArgument => (400, "InvalidParameterValueException"),
        Code::Unauthenticated => (403, "MissingAuthenticationTokenException"),
        Code::PermissionDenied => (403, "AccessDeniedException"),
        Code::NotFound => (404, "ResourceNotFoundException"),
        Code::MethodNotAllowed => (405, "UnknownOperationException"),
        Code::AlreadyExists
        | Code::Conflict
        | Code::NotReady
        | Code::QuotaExceeded
        | Code::SecretUnavailable => (409, "ResourceConflictException"),
        Code::PayloadTooLarge | Code::ResponseTooLarge => (413, "RequestTooLargeException"),
        Code::UnsupportedMediaType => (415, "UnsupportedMediaTypeException"),
        Code::ResourceExhausted | Code::QueueFull | Code::QueueTimeout => (429, "TooManyRequestsException"),
        Code::LoopDetected => (400, "RecursiveInvocationException"),
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Unavailable
        | Code::MissingOnHost
        | Code::SandboxLost
        // Those three are of the content listener, which has no such answers.
        | Code::FunctionFailed
        | Code::FunctionTimeout
        | Code::BadAnswer
        | Code::Internal => (code.http_status(), "ServiceException"),
    };
    (status, named.map(|named| named.0).or(refusal.map(|refusal| refusal.aws_type())).unwrap_or(name))
}

/// The error as AWS writes it, in place of the problem document.
pub(super) fn error_response(refused: &Refused, mut response: Response) -> Response {
    let (status, name) = kind(&refused.fault);
    let by = if status < 500 { "User" } else { "Service" };
    let body = aws::Error::new(by, refused.fault.message());
    let body = serde_json::to_vec(&body).unwrap_or_default();
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ERROR_TYPE, HeaderValue::from_static(name));
    *response.body_mut() = Body::from(body);
    response
}

/// Names the request as AWS does.
pub(super) fn sign(response: &mut Response, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_name_is_read() {
        let read = |text: &str| target(text, None).map(|target| (target.name.to_string(), target.qualifier));
        let plain = ("mail".to_owned(), Qualifier::Active);
        for text in
            ["mail", "000000000000:function:mail", "arn:aws:lambda:us-east-1:000000000000:function:mail"]
        {
            assert_eq!(read(text).expect("valid"), plain, "{text}");
        }
        for text in ["mail:7", "1:function:mail:7", "arn:aws:lambda:us-east-1:1:function:mail:7"] {
            assert_eq!(read(text).expect("valid"), ("mail".to_owned(), Qualifier::Number(7)), "{text}");
        }
        assert_eq!(read("mail:$LATEST").expect("valid").1, Qualifier::Latest);
        for bad in [
            "",
            "mail:",
            "mail:1:2",
            "arn:aws:s3:::mail",
            "arn:aws:lambda:us-east-1:1:layer:mail",
            "a:b:function:mail",
            "arn:aws:lambda:us-east-1:1:function:",
            "../etc",
        ] {
            assert_eq!(read(bad).expect_err("refused").code(), Code::InvalidArgument, "{bad}");
        }
    }

    #[test]
    fn the_parameter_names_the_version_unless_the_name_says_another() {
        assert_eq!(target("mail", Some("a=b&Qualifier=3")).expect("valid").qualifier, Qualifier::Number(3));
        assert_eq!(target("mail:3", Some("Qualifier=3")).expect("valid").qualifier, Qualifier::Number(3));
        assert!(target("mail:3", Some("Qualifier=4")).is_err());
    }

    #[test]
    fn only_paths_of_aws_are_its_own() {
        assert!(is_path("/2015-03-31/functions/x/invocations") && is_path("/v1/2015-03-31/x"));
        assert!(!is_path("/functions/2015-03-31/") && !is_path("/v1"));
    }
}
