//! Schemas of domain values that appear on the wire as text. They are made from the
//! domain's own lists, so that the document cannot name a value that does not exist.

use nova_domain::Code;
use nova_domain::call::{CallSource, FunctionErrorKind};
use nova_domain::function::Mode;
use nova_domain::http::HttpAccess;
use nova_domain::job::{DeadReason, JobStatus};
use nova_domain::log::LogStream;
use nova_domain::rollout::RolloutStatus;
use nova_domain::run::RunStatus;
use nova_domain::runtime::Runtime;
use nova_domain::version::CompileStatus;
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, SchemaType, Type};

fn text_of<T: Into<String>>(values: impl IntoIterator<Item = T>) -> ObjectBuilder {
    let values: Vec<String> = values.into_iter().map(Into::into).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values))
}

pub(crate) fn mode() -> Object {
    text_of(Mode::ALL.iter().map(|mode| mode.as_str())).build()
}

pub(crate) fn runtime() -> Object {
    text_of(Runtime::ALL.iter().map(|runtime| runtime.as_str())).build()
}

pub(crate) fn compile_status() -> Object {
    use CompileStatus::{Compiling, Failed, NotRequired, Pending, Success};
    text_of([NotRequired, Pending, Compiling, Success, Failed].map(CompileStatus::as_str)).build()
}

pub(crate) fn run_status() -> Object {
    use RunStatus::{Cancelled, Failed, PlatformError, Succeeded};
    text_of([Succeeded, Failed, Cancelled, PlatformError].map(RunStatus::as_str)).build()
}

pub(crate) fn call_source() -> Object {
    text_of(CallSource::ALL.iter().map(|source| source.as_str())).build()
}

pub(crate) fn job_status() -> Object {
    text_of(JobStatus::ALL.iter().map(|status| status.as_str())).build()
}

pub(crate) fn dead_reason() -> Object {
    text_of(DeadReason::ALL.iter().map(|reason| reason.as_str())).build()
}

pub(crate) fn http_access() -> Object {
    text_of(HttpAccess::ALL.iter().map(|access| access.as_str())).build()
}

pub(crate) fn rollout_status() -> Object {
    text_of(RolloutStatus::ALL.iter().map(|status| status.as_str())).build()
}

pub(crate) fn log_stream() -> Object {
    text_of([LogStream::Stdout, LogStream::Stderr, LogStream::Platform].map(LogStream::as_str)).build()
}

pub(crate) fn error_kind() -> Object {
    use FunctionErrorKind::{BadResponse, Crash, Error, Exit, Init, OutOfMemory, Timeout};
    let kinds = [Error, Init, Timeout, OutOfMemory, Exit, Crash, BadResponse];
    text_of(kinds.map(FunctionErrorKind::as_str)).build()
}

pub(crate) fn code() -> Object {
    text_of(Code::ALL.iter().map(|code| code.as_str())).build()
}

pub(crate) fn time() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .build()
}

/// A time, or null.
pub(crate) fn optional_time() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .build()
}

/// Any JSON value.
pub(crate) fn any() -> Object {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some("Any JSON value.")).build()
}
