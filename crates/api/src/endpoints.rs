//! Every endpoint of the API, one row each. Zenith builds its router from this table and the
//! OpenAPI document is made from it, so the three cannot differ.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{HttpMethod, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::v1;

/// Who an endpoint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// One namespace of one tenant: `X-Nova-Tenant` and `X-Nova-Namespace`.
    Namespace,
    /// A tenant: `X-Nova-Tenant`, or the one that the path names.
    Tenant,
    /// The server.
    Platform,
}

/// One endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// Unique; the `operationId`, and what Zenith's handlers are called.
    pub id: &'static str,
    pub method: Method,
    /// `/functions/{name}`; offered there and below `/v1`.
    pub path: &'static str,
    pub summary: &'static str,
    /// The group in the document.
    pub tag: &'static str,
    /// What a caller must be allowed to; `None`: open to everybody.
    pub permission: Option<&'static str>,
    pub scope: ScopeKind,
    /// Whether it answers callers who have the permission for some names of the namespace too, with what
    /// concerns those. Others need it for the name in the path, or for everything.
    pub narrows: bool,
    /// Query parameters.
    pub query: &'static [Query],
    /// Request headers beside those that every endpoint takes.
    pub headers: &'static [Query],
    pub request: Body,
    /// Status of the answer when all went well.
    pub status: u16,
    pub response: Body,
}

impl Endpoint {
    /// Whether it belongs to the part of AWS's API that is offered: errors have its form there.
    pub fn is_aws(&self) -> bool {
        self.path.starts_with(crate::aws::PREFIX)
    }
}

/// Methods that the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// `GET`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl From<Method> for HttpMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::Get,
            Method::Post => Self::Post,
            Method::Put => Self::Put,
            Method::Patch => Self::Patch,
            Method::Delete => Self::Delete,
        }
    }
}

/// A query parameter or header.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    pub name: &'static str,
    pub kind: QueryKind,
    pub required: bool,
    pub about: &'static str,
}

/// Type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryKind {
    Text,
    Time,
    Flag,
    /// A whole number within bounds.
    Number(i64, i64),
}

/// What a body is.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    None,
    /// JSON of that type.
    Json(TypeOf),
    /// JSON of that type, or `multipart/form-data` with the parts `archive` or `code`, `entry`, `handler`.
    JsonOrMultipart(TypeOf),
    /// Any JSON value.
    AnyJson,
    /// `text/event-stream`; the type of the events' data.
    Events(TypeOf),
    /// Text of that media type.
    Text(&'static str),
}

/// The schema of a Rust type, for a table that must be `const`.
#[derive(Debug, Clone, Copy)]
pub struct TypeOf {
    pub(crate) reference: fn() -> RefOr<Schema>,
    pub(crate) collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl TypeOf {
    const fn of<T: ToSchema + PartialSchema>() -> Self {
        fn collect<T: ToSchema>(into: &mut Vec<(String, RefOr<Schema>)>) {
            into.push((T::name().into_owned(), T::schema()));
            T::schemas(into);
        }
        fn reference<T: ToSchema>() -> RefOr<Schema> {
            RefOr::Ref(utoipa::openapi::Ref::from_schema_name(T::name()))
        }
        Self { reference: reference::<T>, collect: collect::<T> }
    }
}

const fn json<T: ToSchema>() -> Body {
    Body::Json(TypeOf::of::<T>())
}

const fn text(name: &'static str, about: &'static str) -> Query {
    Query { name, kind: QueryKind::Text, required: false, about }
}

const fn number(name: &'static str, low: i64, high: i64, about: &'static str) -> Query {
    Query { name, kind: QueryKind::Number(low, high), required: false, about }
}

const LIMIT: Query = number("limit", 1, 500, "Most items of a page; 50 if absent.");
const CURSOR: Query = text("cursor", "`next_cursor` of the page before.");
const QUALIFIER: Query =
    text("qualifier", "Version number, `$LATEST`, an alias, or absent for the active version.");
const IF_MATCH: Query = text("If-Match", "Revision (`ETag`) that was read; 409 if it is another by now.");
const OF_SERVER: Query = Query {
    name: "server",
    kind: QueryKind::Flag,
    required: false,
    about: "Those of the server itself instead of the tenant's; only administrators of the server can.",
};
const RUN_FILTERS: &[Query] = &[
    text("function", "Name of a function."),
    text("status", "`succeeded`, `failed`, `cancelled` or `platform_error`."),
    text("source", "`api`, `stream`, `function`, `http` or `queue`."),
    Query { name: "since", kind: QueryKind::Time, required: false, about: "Started then or later." },
    Query { name: "until", kind: QueryKind::Time, required: false, about: "Started before." },
    text("error", "Text that the error's type or message holds."),
    LIMIT,
    CURSOR,
];

const JOB_FILTERS: &[Query] = &[
    text("function", "Name of a function."),
    text("status", "`queued`, `running`, `succeeded` or `dead`."),
    LIMIT,
    CURSOR,
];

/// Row with the values that most have; set the others by struct update.
const ROW: Endpoint = Endpoint {
    id: "",
    method: Method::Get,
    path: "",
    summary: "",
    tag: "functions",
    permission: Some("function:read"),
    scope: ScopeKind::Namespace,
    narrows: false,
    query: &[],
    headers: &[],
    request: Body::None,
    status: 200,
    response: Body::None,
};

/// Row about the server, open to everybody.
const OPEN: Endpoint = Endpoint { tag: "platform", permission: None, scope: ScopeKind::Platform, ..ROW };

/// Row about a tenant.
const OF_TENANT: Endpoint = Endpoint { tag: "access", scope: ScopeKind::Tenant, ..ROW };

/// Row about the caller.
const OF_CALLER: Endpoint =
    Endpoint { tag: "access", permission: Some("self:read"), scope: ScopeKind::Platform, ..ROW };

/// All endpoints.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        id: "create_function",
        method: Method::Post,
        path: "/functions",
        summary: "Create a function",
        permission: Some("function:create"),
        request: json::<v1::CreateFunction>(),
        status: 201,
        response: json::<v1::FunctionView>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "list_functions",
        path: "/functions",
        summary: "List functions, sorted by name",
        query: &[
            text("search", "Text that name, description or a tag holds; also `q`."),
            text("runtime", "Only functions of that runtime."),
            LIMIT,
            CURSOR,
        ],
        response: json::<v1::Page<v1::FunctionView>>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "get_function",
        path: "/functions/{name}",
        summary: "Show a function",
        response: json::<v1::FunctionView>(),
        ..ROW
    },
    Endpoint {
        id: "update_function",
        method: Method::Patch,
        path: "/functions/{name}",
        summary: "Change a function",
        permission: Some("function:update"),
        headers: &[IF_MATCH],
        request: json::<v1::PatchFunction>(),
        response: json::<v1::FunctionView>(),
        ..ROW
    },
    Endpoint {
        id: "delete_function",
        method: Method::Delete,
        path: "/functions/{name}",
        summary: "Delete a function with all its versions",
        permission: Some("function:delete"),
        headers: &[IF_MATCH],
        status: 204,
        ..ROW
    },
    Endpoint {
        id: "get_code",
        path: "/functions/{name}/code",
        summary: "Show the code and how far its build is",
        query: &[QUALIFIER],
        response: json::<v1::CodeView>(),
        ..ROW
    },
    Endpoint {
        id: "replace_code",
        method: Method::Put,
        path: "/functions/{name}/code",
        summary: "Replace the code",
        permission: Some("function:update"),
        headers: &[IF_MATCH],
        request: Body::JsonOrMultipart(TypeOf::of::<v1::ReplaceCode>()),
        response: json::<v1::CodeAnswer>(),
        ..ROW
    },
    Endpoint {
        id: "list_files",
        path: "/functions/{name}/files",
        summary: "List the files of the code",
        query: &[QUALIFIER],
        response: json::<v1::Page<v1::FileView>>(),
        ..ROW
    },
    Endpoint {
        id: "get_file",
        path: "/functions/{name}/files/content",
        summary: "Show one file of the code",
        query: &[
            Query {
                name: "path",
                kind: QueryKind::Text,
                required: true,
                about: "Path below the code's root.",
            },
            QUALIFIER,
        ],
        response: json::<v1::FileContent>(),
        ..ROW
    },
    Endpoint {
        id: "list_versions",
        path: "/functions/{name}/versions",
        summary: "List versions, newest first",
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::VersionView>>(),
        ..ROW
    },
    Endpoint {
        id: "get_version",
        path: "/functions/{name}/versions/{version}",
        summary: "Show a version",
        response: json::<v1::VersionView>(),
        ..ROW
    },
    Endpoint {
        id: "get_build_log",
        path: "/functions/{name}/versions/{version}/build/log",
        summary: "Show or follow the log of a version's build",
        query: &[Query {
            name: "follow",
            kind: QueryKind::Flag,
            required: false,
            about: "Answer with server-sent events: a line each, `missed` for lines that are not kept any more, and \
                    `done` with the result as the last.",
        }],
        headers: &[text("Last-Event-ID", "Follow: go on after that event.")],
        response: json::<v1::BuildLogView>(),
        ..ROW
    },
    Endpoint {
        id: "activate_version",
        method: Method::Post,
        path: "/functions/{name}/versions/{version}/activate",
        summary: "Make a version the one that calls run (rollback)",
        permission: Some("function:update"),
        headers: &[IF_MATCH],
        response: json::<v1::FunctionView>(),
        ..ROW
    },
    Endpoint {
        id: "diff_versions",
        path: "/functions/{name}/versions/{v1}/diff/{v2}",
        summary: "Show what differs between two versions",
        response: json::<v1::VersionDiff>(),
        ..ROW
    },
    Endpoint {
        id: "create_alias",
        method: Method::Post,
        path: "/functions/{name}/aliases",
        summary: "Create an alias",
        tag: "aliases",
        permission: Some("function:update"),
        request: json::<v1::CreateAlias>(),
        status: 201,
        response: json::<v1::AliasView>(),
        ..ROW
    },
    Endpoint {
        id: "list_aliases",
        path: "/functions/{name}/aliases",
        summary: "List aliases, sorted by name",
        tag: "aliases",
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::AliasView>>(),
        ..ROW
    },
    Endpoint {
        id: "get_alias",
        path: "/functions/{name}/aliases/{alias}",
        summary: "Show an alias, with its rollout",
        tag: "aliases",
        response: json::<v1::AliasView>(),
        ..ROW
    },
    Endpoint {
        id: "update_alias",
        method: Method::Patch,
        path: "/functions/{name}/aliases/{alias}",
        summary: "Point an alias to other versions",
        tag: "aliases",
        permission: Some("function:update"),
        headers: &[IF_MATCH],
        request: json::<v1::PatchAlias>(),
        response: json::<v1::AliasView>(),
        ..ROW
    },
    Endpoint {
        id: "delete_alias",
        method: Method::Delete,
        path: "/functions/{name}/aliases/{alias}",
        summary: "Delete an alias that nothing needs",
        tag: "aliases",
        permission: Some("function:update"),
        headers: &[IF_MATCH],
        status: 204,
        ..ROW
    },
    Endpoint {
        id: "promote_alias",
        method: Method::Post,
        path: "/functions/{name}/aliases/{alias}/promote",
        summary: "Give all calls of an alias to its second version",
        tag: "aliases",
        permission: Some("function:update"),
        headers: &[IF_MATCH],
        request: json::<v1::PromoteAlias>(),
        response: json::<v1::AliasView>(),
        ..ROW
    },
    Endpoint {
        id: "rollback_alias",
        method: Method::Post,
        path: "/functions/{name}/aliases/{alias}/rollback",
        summary: "Point an alias to what it pointed to before",
        tag: "aliases",
        permission: Some("function:update"),
        headers: &[IF_MATCH],
        response: json::<v1::AliasView>(),
        ..ROW
    },
    Endpoint {
        id: "start_rollout",
        method: Method::Post,
        path: "/functions/{name}/aliases/{alias}/rollout",
        summary: "Give a version the calls of an alias step by step, and take them back if too many fail",
        tag: "aliases",
        permission: Some("function:update"),
        request: json::<v1::StartRollout>(),
        status: 201,
        response: json::<v1::AliasView>(),
        ..ROW
    },
    Endpoint {
        id: "get_rollout",
        path: "/functions/{name}/aliases/{alias}/rollout",
        summary: "Show the last rollout of an alias",
        tag: "aliases",
        response: json::<v1::RolloutView>(),
        ..ROW
    },
    Endpoint {
        id: "pause_rollout",
        method: Method::Post,
        path: "/functions/{name}/aliases/{alias}/rollout/pause",
        summary: "Keep the weights of a rollout as they are",
        tag: "aliases",
        permission: Some("function:update"),
        response: json::<v1::AliasView>(),
        ..ROW
    },
    Endpoint {
        id: "resume_rollout",
        method: Method::Post,
        path: "/functions/{name}/aliases/{alias}/rollout/resume",
        summary: "Go on with a paused rollout",
        tag: "aliases",
        permission: Some("function:update"),
        response: json::<v1::AliasView>(),
        ..ROW
    },
    Endpoint {
        id: "abort_rollout",
        method: Method::Post,
        path: "/functions/{name}/aliases/{alias}/rollout/abort",
        summary: "Stop a rollout and put the weights back",
        tag: "aliases",
        permission: Some("function:update"),
        response: json::<v1::AliasView>(),
        ..ROW
    },
    Endpoint {
        id: "get_function_url",
        path: "/functions/{name}/url",
        summary: "Show the function's address on the content listener",
        response: json::<v1::FunctionUrl>(),
        ..ROW
    },
    Endpoint {
        id: "sign_function_url",
        method: Method::Post,
        path: "/functions/{name}/url",
        summary: "Make an address that whoever has it may use until it expires",
        permission: Some("function:share"),
        request: json::<v1::SignUrl>(),
        response: json::<v1::SignedUrl>(),
        ..ROW
    },
    Endpoint {
        id: "invoke",
        method: Method::Post,
        path: "/functions/{name}/invoke",
        summary: "Call a function and wait for its answer",
        tag: "calls",
        permission: Some("function:invoke"),
        query: &[QUALIFIER],
        headers: CALL_HEADERS,
        request: Body::AnyJson,
        response: json::<v1::InvokeAnswer>(),
        ..ROW
    },
    Endpoint {
        id: "invoke_stream",
        method: Method::Post,
        path: "/functions/{name}/invoke-stream",
        summary: "Call a function and get its output as it is written",
        tag: "calls",
        permission: Some("function:invoke"),
        query: &[QUALIFIER],
        headers: CALL_HEADERS,
        request: Body::AnyJson,
        response: Body::Events(TypeOf::of::<v1::StreamDone>()),
        ..ROW
    },
    Endpoint {
        id: "invoke_async",
        method: Method::Post,
        path: "/functions/{name}/invoke-async",
        summary: "Queue a call: accepted now, made soon, made again when it fails",
        tag: "jobs",
        permission: Some("function:invoke"),
        query: &[QUALIFIER],
        headers: ASYNC_HEADERS,
        request: json::<v1::InvokeAsync>(),
        status: 202,
        response: json::<v1::JobView>(),
        ..ROW
    },
    Endpoint {
        id: "list_function_jobs",
        path: "/functions/{name}/async-invocations",
        summary: "List jobs of a function, newest first",
        tag: "jobs",
        permission: Some("log:read"),
        query: JOB_FILTERS.split_at(1).1,
        response: json::<v1::Page<v1::JobView>>(),
        ..ROW
    },
    Endpoint {
        id: "list_jobs",
        path: "/async-invocations",
        summary: "List jobs, newest first",
        tag: "jobs",
        permission: Some("log:read"),
        query: JOB_FILTERS,
        response: json::<v1::Page<v1::JobView>>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "get_job",
        path: "/async-invocations/{id}",
        summary: "Show a job with its event and attempts",
        tag: "jobs",
        permission: Some("log:read"),
        response: json::<v1::JobView>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "delete_job",
        method: Method::Delete,
        path: "/async-invocations/{id}",
        summary: "Delete a job that is not running",
        tag: "jobs",
        permission: Some("function:invoke"),
        status: 204,
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "retry_job",
        method: Method::Post,
        path: "/async-invocations/{id}/retry",
        summary: "Give a dead job its attempts again",
        tag: "jobs",
        permission: Some("function:invoke"),
        response: json::<v1::JobView>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "aws_invoke",
        method: Method::Post,
        path: "/2015-03-31/functions/{name}/invocations",
        summary: "Call a function as AWS's clients do: the answer is the output",
        tag: "calls",
        permission: Some("function:invoke"),
        query: &[text("Qualifier", "Version number or `$LATEST`; the active version if absent.")],
        headers: AWS_HEADERS,
        request: Body::AnyJson,
        response: Body::AnyJson,
        ..ROW
    },
    Endpoint {
        id: "list_function_runs",
        path: "/functions/{name}/runs",
        summary: "List runs of a function, newest first",
        tag: "runs",
        permission: Some("log:read"),
        query: RUN_FILTERS.split_at(1).1,
        response: json::<v1::Page<v1::RunView>>(),
        ..ROW
    },
    Endpoint {
        id: "list_runs",
        path: "/runs",
        summary: "List runs, newest first",
        tag: "runs",
        permission: Some("log:read"),
        query: RUN_FILTERS,
        response: json::<v1::Page<v1::RunView>>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "get_run",
        path: "/runs/{id}",
        summary: "Show a run",
        tag: "runs",
        permission: Some("log:read"),
        response: json::<v1::RunView>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "get_run_logs",
        path: "/runs/{id}/logs",
        summary: "Show what a run printed",
        tag: "runs",
        permission: Some("log:read"),
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::LogLineView>>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "get_function_logs",
        path: "/functions/{name}/logs",
        summary: "Show or follow what a function printed",
        tag: "runs",
        permission: Some("log:read"),
        query: &[
            number("tail", 0, 1000, "The last lines; 100 if neither this nor `since` is given."),
            Query {
                name: "since",
                kind: QueryKind::Time,
                required: false,
                about: "Printed then or later: RFC 3339, or a duration ago such as `10m`.",
            },
            text("request_id", "Only lines of that run."),
            Query {
                name: "follow",
                kind: QueryKind::Flag,
                required: false,
                about: "Answer with server-sent events and go on as lines come.",
            },
            LIMIT,
            CURSOR,
        ],
        headers: &[text("Last-Event-ID", "Follow: go on after that line.")],
        response: json::<v1::Page<v1::LogLineView>>(),
        ..ROW
    },
    Endpoint {
        id: "get_stats",
        path: "/stats",
        summary: "Counts and durations of runs over time, and what fails",
        tag: "runs",
        permission: Some("log:read"),
        query: STATS_QUERY,
        response: json::<v1::StatsView>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "get_system",
        path: "/system",
        summary: "Show the server: isolation, keeper, settings and where they came from",
        tag: "platform",
        permission: Some("system:read"),
        scope: ScopeKind::Platform,
        response: json::<v1::SystemView>(),
        ..ROW
    },
    Endpoint {
        id: "create_secret",
        method: Method::Post,
        path: "/secrets",
        summary: "Create a secret",
        tag: "secrets",
        permission: Some("secret:manage"),
        request: json::<v1::CreateSecret>(),
        status: 201,
        response: json::<v1::SecretView>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "list_secrets",
        path: "/secrets",
        summary: "List secrets, sorted by name; values are never shown",
        tag: "secrets",
        permission: Some("secret:read"),
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::SecretView>>(),
        narrows: true,
        ..ROW
    },
    Endpoint {
        id: "get_secret",
        path: "/secrets/{name}",
        summary: "Show a secret without its value",
        tag: "secrets",
        permission: Some("secret:read"),
        response: json::<v1::SecretView>(),
        ..ROW
    },
    Endpoint {
        id: "update_secret",
        method: Method::Patch,
        path: "/secrets/{name}",
        summary: "Give a secret a new value, or change who may have it",
        tag: "secrets",
        permission: Some("secret:manage"),
        headers: &[IF_MATCH],
        request: json::<v1::PatchSecret>(),
        response: json::<v1::SecretView>(),
        ..ROW
    },
    Endpoint {
        id: "delete_secret",
        method: Method::Delete,
        path: "/secrets/{name}",
        summary: "Delete a secret",
        tag: "secrets",
        permission: Some("secret:manage"),
        status: 204,
        ..ROW
    },
    Endpoint {
        id: "rotate_master_key",
        method: Method::Post,
        path: "/system/master-key/rotate",
        summary: "Make a new master key and seal every secret again with it",
        tag: "secrets",
        permission: Some("system:manage"),
        scope: ScopeKind::Platform,
        response: json::<v1::KeyRotation>(),
        ..ROW
    },
    Endpoint {
        id: "list_runtimes",
        path: "/runtimes",
        summary: "List runtimes and what of them the host has",
        tag: "platform",
        permission: Some("runtime:read"),
        scope: ScopeKind::Platform,
        response: json::<v1::Page<v1::RuntimeView>>(),
        ..ROW
    },
    Endpoint {
        id: "get_health",
        path: "/health",
        summary: "Health of the server and its parts; 503 if one fails",
        response: json::<v1::Health>(),
        ..OPEN
    },
    Endpoint {
        id: "get_health_live",
        path: "/health/live",
        summary: "Whether the process answers",
        response: json::<v1::Health>(),
        ..OPEN
    },
    Endpoint {
        id: "get_health_ready",
        path: "/health/ready",
        summary: "Whether calls can be taken; 503 if not",
        response: json::<v1::Health>(),
        ..OPEN
    },
    Endpoint {
        id: "get_health_startup",
        path: "/health/startup",
        summary: "Whether the start is done; 503 if not",
        response: json::<v1::Health>(),
        ..OPEN
    },
    Endpoint {
        id: "get_metrics",
        path: "/metrics",
        summary: "Metrics as Prometheus text",
        tag: "platform",
        permission: Some("metrics:read"),
        scope: ScopeKind::Platform,
        response: Body::Text("text/plain; version=0.0.4"),
        ..ROW
    },
    Endpoint {
        id: "sign_in",
        method: Method::Post,
        path: "/auth/sign-in",
        summary: "Begin a session with a key or a password; the cookie is in `Set-Cookie`",
        tag: "access",
        request: json::<v1::SignIn>(),
        response: json::<v1::Me>(),
        ..OPEN
    },
    Endpoint {
        id: "sign_out",
        method: Method::Post,
        path: "/auth/sign-out",
        summary: "End the session of the cookie",
        status: 204,
        ..OF_CALLER
    },
    Endpoint {
        id: "list_providers",
        path: "/auth/providers",
        summary: "List identity providers to sign in with",
        tag: "access",
        response: json::<v1::Page<v1::ProviderView>>(),
        ..OPEN
    },
    Endpoint {
        id: "start_oidc",
        path: "/auth/oidc/{provider}/start",
        summary: "Send a browser to an identity provider to sign in (OpenID Connect)",
        tag: "access",
        query: &[
            text("return", "Where in the console to go on, such as `/ui/#/functions`; else its start."),
            text("invitation", "Secret of an invitation that is accepted so."),
        ],
        status: 303,
        ..OPEN
    },
    Endpoint {
        id: "finish_oidc",
        path: "/auth/oidc/{provider}/callback",
        summary: "Where an identity provider sends the browser back; the session's cookie is in `Set-Cookie`",
        tag: "access",
        query: &[
            text("code", "What the provider gives."),
            text("state", "As it was sent."),
            text("error", "What the provider says instead."),
            text("error_description", "The same in words."),
        ],
        status: 303,
        ..OPEN
    },
    Endpoint {
        id: "get_me",
        path: "/auth/me",
        summary: "Show who the caller is and what they may",
        response: json::<v1::Me>(),
        ..OF_CALLER
    },
    Endpoint {
        id: "create_key",
        method: Method::Post,
        path: "/keys",
        summary: "Make a key; its secret is shown this one time",
        permission: Some("key:manage"),
        request: json::<v1::CreateKey>(),
        status: 201,
        response: json::<v1::CreatedKey>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "list_keys",
        path: "/keys",
        summary: "List keys of the tenant",
        permission: Some("key:read"),
        query: &[OF_SERVER, LIMIT, CURSOR],
        response: json::<v1::Page<v1::KeyView>>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "get_key",
        path: "/keys/{id}",
        summary: "Show a key with its roles",
        permission: Some("key:read"),
        query: &[OF_SERVER],
        response: json::<v1::KeyView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "revoke_key",
        method: Method::Delete,
        path: "/keys/{id}",
        summary: "End a key at once",
        permission: Some("key:manage"),
        query: &[OF_SERVER],
        status: 204,
        ..OF_TENANT
    },
    Endpoint {
        id: "create_tenant",
        method: Method::Post,
        path: "/tenants",
        summary: "Make a tenant with its namespace `default`",
        tag: "access",
        permission: Some("tenant:create"),
        scope: ScopeKind::Platform,
        request: json::<v1::CreateTenant>(),
        status: 201,
        response: json::<v1::TenantView>(),
        ..ROW
    },
    Endpoint {
        id: "list_tenants",
        path: "/tenants",
        summary: "List tenants that the caller may use",
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::TenantView>>(),
        ..OF_CALLER
    },
    Endpoint {
        id: "get_tenant",
        path: "/tenants/{tenant}",
        summary: "Show a tenant",
        permission: Some("tenant:read"),
        response: json::<v1::TenantView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "delete_tenant",
        method: Method::Delete,
        path: "/tenants/{tenant}",
        summary: "Delete a tenant that has no functions",
        permission: Some("tenant:delete"),
        status: 204,
        ..OF_TENANT
    },
    Endpoint {
        id: "create_namespace",
        method: Method::Post,
        path: "/namespaces",
        summary: "Make a namespace in the tenant",
        permission: Some("namespace:create"),
        request: json::<v1::CreateNamespace>(),
        status: 201,
        response: json::<v1::NamespaceView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "list_namespaces",
        path: "/namespaces",
        summary: "List namespaces of the tenant",
        permission: Some("namespace:read"),
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::NamespaceView>>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "get_namespace",
        path: "/namespaces/{namespace}",
        summary: "Show a namespace",
        permission: Some("namespace:read"),
        response: json::<v1::NamespaceView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "delete_namespace",
        method: Method::Delete,
        path: "/namespaces/{namespace}",
        summary: "Delete a namespace that has no functions",
        permission: Some("namespace:delete"),
        status: 204,
        ..OF_TENANT
    },
    Endpoint {
        id: "accept_invitation",
        method: Method::Post,
        path: "/auth/accept",
        summary: "Accept an invitation: make the account or use it, and join the tenant",
        tag: "access",
        request: json::<v1::AcceptInvitation>(),
        response: json::<v1::UserView>(),
        ..OPEN
    },
    Endpoint {
        id: "change_password",
        method: Method::Post,
        path: "/auth/password",
        summary: "Change the caller's password; their other sessions end",
        request: json::<v1::ChangePassword>(),
        status: 204,
        ..OF_CALLER
    },
    Endpoint {
        id: "list_sessions",
        path: "/auth/sessions",
        summary: "List the caller's sessions",
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::SessionView>>(),
        ..OF_CALLER
    },
    Endpoint {
        id: "end_session",
        method: Method::Delete,
        path: "/auth/sessions/{id}",
        summary: "End one of the caller's sessions",
        status: 204,
        ..OF_CALLER
    },
    Endpoint {
        id: "list_users",
        path: "/users",
        summary: "List every user of the server",
        tag: "access",
        permission: Some("user:read"),
        scope: ScopeKind::Platform,
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::UserView>>(),
        ..ROW
    },
    Endpoint {
        id: "get_user",
        path: "/users/{id}",
        summary: "Show a user",
        tag: "access",
        permission: Some("user:read"),
        scope: ScopeKind::Platform,
        response: json::<v1::UserView>(),
        ..ROW
    },
    Endpoint {
        id: "change_user",
        method: Method::Patch,
        path: "/users/{id}",
        summary: "Change, disable or enable a user",
        tag: "access",
        permission: Some("user:manage"),
        scope: ScopeKind::Platform,
        request: json::<v1::PatchUser>(),
        response: json::<v1::UserView>(),
        ..ROW
    },
    Endpoint {
        id: "delete_user",
        method: Method::Delete,
        path: "/users/{id}",
        summary: "Delete a user with everything that lets them act",
        tag: "access",
        permission: Some("user:manage"),
        scope: ScopeKind::Platform,
        status: 204,
        ..ROW
    },
    Endpoint {
        id: "create_invitation",
        method: Method::Post,
        path: "/invitations",
        summary: "Invite somebody; the link is shown this one time",
        permission: Some("member:manage"),
        request: json::<v1::CreateInvitation>(),
        status: 201,
        response: json::<v1::CreatedInvitation>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "list_invitations",
        path: "/invitations",
        summary: "List invitations that were not accepted yet",
        permission: Some("member:read"),
        query: &[OF_SERVER, LIMIT, CURSOR],
        response: json::<v1::Page<v1::InvitationView>>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "delete_invitation",
        method: Method::Delete,
        path: "/invitations/{id}",
        summary: "Take an invitation back",
        permission: Some("member:manage"),
        query: &[OF_SERVER],
        status: 204,
        ..OF_TENANT
    },
    Endpoint {
        id: "list_members",
        path: "/members",
        summary: "List members of the tenant",
        permission: Some("member:read"),
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::MemberView>>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "set_member",
        method: Method::Put,
        path: "/members/{id}",
        summary: "Make a user a member, or change what the member is",
        permission: Some("member:manage"),
        request: json::<v1::SetMember>(),
        response: json::<v1::MemberView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "remove_member",
        method: Method::Delete,
        path: "/members/{id}",
        summary: "End a membership",
        permission: Some("member:manage"),
        status: 204,
        ..OF_TENANT
    },
    Endpoint {
        id: "create_service_account",
        method: Method::Post,
        path: "/service-accounts",
        summary: "Make a service account",
        permission: Some("service_account:manage"),
        request: json::<v1::CreateServiceAccount>(),
        status: 201,
        response: json::<v1::ServiceAccountView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "list_service_accounts",
        path: "/service-accounts",
        summary: "List service accounts of the tenant",
        permission: Some("service_account:read"),
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::ServiceAccountView>>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "get_service_account",
        path: "/service-accounts/{service}",
        summary: "Show a service account",
        permission: Some("service_account:read"),
        response: json::<v1::ServiceAccountView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "delete_service_account",
        method: Method::Delete,
        path: "/service-accounts/{service}",
        summary: "Delete a service account; its keys end",
        permission: Some("service_account:manage"),
        status: 204,
        ..OF_TENANT
    },
    Endpoint {
        id: "create_role",
        method: Method::Post,
        path: "/roles",
        summary: "Make a role",
        permission: Some("role:manage"),
        request: json::<v1::CreateRole>(),
        status: 201,
        response: json::<v1::RoleView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "list_roles",
        path: "/roles",
        summary: "List the built-in roles and those of the tenant",
        permission: Some("role:read"),
        query: &[LIMIT, CURSOR],
        response: json::<v1::Page<v1::RoleView>>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "get_role",
        path: "/roles/{role}",
        summary: "Show a role",
        permission: Some("role:read"),
        response: json::<v1::RoleView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "put_role",
        method: Method::Put,
        path: "/roles/{role}",
        summary: "Change a role of the tenant",
        permission: Some("role:manage"),
        request: json::<v1::PutRole>(),
        response: json::<v1::RoleView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "delete_role",
        method: Method::Delete,
        path: "/roles/{role}",
        summary: "Delete a role that nobody has",
        permission: Some("role:manage"),
        status: 204,
        ..OF_TENANT
    },
    Endpoint {
        id: "create_binding",
        method: Method::Post,
        path: "/bindings",
        summary: "Give a role to somebody",
        permission: Some("role:manage"),
        request: json::<v1::CreateBinding>(),
        status: 201,
        response: json::<v1::BindingView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "list_bindings",
        path: "/bindings",
        summary: "List who has which role",
        permission: Some("role:read"),
        query: &[OF_SERVER, LIMIT, CURSOR],
        response: json::<v1::Page<v1::BindingView>>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "delete_binding",
        method: Method::Delete,
        path: "/bindings/{id}",
        summary: "Take a role away",
        permission: Some("role:manage"),
        query: &[OF_SERVER],
        status: 204,
        ..OF_TENANT
    },
    Endpoint {
        id: "list_audit",
        path: "/audit",
        summary: "List who changed what, newest first",
        tag: "audit",
        permission: Some("audit:read"),
        query: &[
            OF_SERVER,
            text("actor", "Id or name of who did it."),
            text("action", "Permission (`function:update`) or endpoint (`update_function`)."),
            text("resource", "Kind (`function`), or kind and name (`function:hello`)."),
            text("outcome", "`done`, `refused` or `failed`."),
            Query { name: "since", kind: QueryKind::Time, required: false, about: "Then or later." },
            Query { name: "until", kind: QueryKind::Time, required: false, about: "Before." },
            LIMIT,
            CURSOR,
        ],
        response: json::<v1::Page<v1::AuditView>>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "get_audit",
        path: "/audit/{seq}",
        summary: "Show one entry of the audit log",
        tag: "audit",
        permission: Some("audit:read"),
        query: &[OF_SERVER],
        response: json::<v1::AuditView>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "verify_audit",
        path: "/audit/verify",
        summary: "Look through the audit log: whether every entry is there and is what was written",
        tag: "audit",
        permission: Some("audit:read"),
        query: &[
            OF_SERVER,
            number("anchor_seq", 1, i64::MAX, "An entry that was the last one at an earlier look .."),
            text("anchor_hash", ".. and its hash: both must still be there."),
        ],
        response: json::<v1::AuditVerification>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "list_quotas",
        path: "/quotas",
        summary: "Show quotas of the tenant with their usage",
        tag: "quotas",
        permission: Some("quota:read"),
        response: json::<v1::Page<v1::QuotaView>>(),
        ..OF_TENANT
    },
    Endpoint {
        id: "set_quota",
        method: Method::Put,
        path: "/tenants/{tenant}/quotas/{quota}",
        summary: "Set a quota of a tenant, or of one namespace of it",
        tag: "quotas",
        permission: Some("quota:manage"),
        scope: ScopeKind::Platform,
        query: QUOTA_PLACE,
        request: json::<v1::PutQuota>(),
        response: json::<v1::QuotaView>(),
        ..ROW
    },
    Endpoint {
        id: "unset_quota",
        method: Method::Delete,
        path: "/tenants/{tenant}/quotas/{quota}",
        summary: "Take a quota away",
        tag: "quotas",
        permission: Some("quota:manage"),
        scope: ScopeKind::Platform,
        query: QUOTA_PLACE,
        status: 204,
        ..ROW
    },
    Endpoint {
        id: "get_openapi",
        path: "/openapi.json",
        summary: "This document",
        response: Body::AnyJson,
        ..OPEN
    },
];

const QUOTA_PLACE: &[Query] = &[text("namespace", "Only this namespace; the whole tenant if absent.")];

const STATS_QUERY: &[Query] = &[
    text("function", "Name of a function; all of the namespace if absent."),
    Query {
        name: "since",
        kind: QueryKind::Time,
        required: false,
        about: "Begin: RFC 3339, or a duration ago such as `6h`; `1h` if absent, at most 31 days before `until`.",
    },
    Query { name: "until", kind: QueryKind::Time, required: false, about: "End; now if absent." },
    number("buckets", 1, 120, "Points of the series; 48 if absent."),
];

const CALL_HEADERS: &[Query] = &[
    text("X-Nova-Qualifier", "As the parameter `qualifier`, which goes first."),
    text("Nova-Sticky-Key", "Calls of an alias with the same key run the same version; at most 256 bytes."),
    number("X-Nova-Timeout-Ms", 1, 900_000, "How long the caller is willing to wait in all."),
    number("X-Nova-Call-Depth", 0, 1_000_000, "How many calls led to this one."),
    text("X-Nova-Call-Chain", "Functions that led to this call, oldest first, separated by commas."),
    text("traceparent", "W3C trace context; passed on to the function."),
];

const ASYNC_HEADERS: &[Query] = &[
    text(
        "Idempotency-Key",
        "As `idempotency_key`: orders of the function with the same key are one job; a repetition is answered with 200.",
    ),
    text("X-Nova-Qualifier", "As the parameter `qualifier`, which goes first."),
    text("Nova-Sticky-Key", "Calls of an alias with the same key run the same version; at most 256 bytes."),
    number("X-Nova-Call-Depth", 0, 1_000_000, "How many calls led to this one."),
    text("X-Nova-Call-Chain", "Functions that led to this call, oldest first, separated by commas."),
    text("traceparent", "W3C trace context; passed on to the function."),
];

const AWS_HEADERS: &[Query] = &[
    text(
        "X-Amz-Invocation-Type",
        "`RequestResponse`, `Event` (202: queued, see `/async-invocations`) or `DryRun` (204 if the call would be \
         allowed).",
    ),
    text("X-Amz-Log-Type", "`Tail`: the last 4 KiB of the log in `X-Amz-Log-Result`, base64."),
    text("X-Amz-Client-Context", "A JSON object in base64 for the function's context, at most 3583 bytes."),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rows_have_unique_ids_and_unique_method_and_path() {
        let ids: BTreeSet<_> = ENDPOINTS.iter().map(|row| row.id).collect();
        let doors: BTreeSet<_> = ENDPOINTS.iter().map(|row| (row.method.as_str(), row.path)).collect();
        assert_eq!((ids.len(), doors.len()), (ENDPOINTS.len(), ENDPOINTS.len()));
    }

    #[test]
    fn only_endpoints_about_the_server_are_open_to_everybody() {
        for row in ENDPOINTS.iter().filter(|row| row.permission.is_none()) {
            assert_eq!(row.scope, ScopeKind::Platform, "{}", row.id);
        }
        for permission in ENDPOINTS.iter().filter_map(|row| row.permission) {
            assert!(nova_domain::access::Permission::parse(permission).is_ok(), "{permission}");
        }
    }
}
