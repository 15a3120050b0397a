//! Names of the headers that Nova reads and writes, lower case as HTTP/2 wants them.

/// Tenant that a request is about; `default` if absent.
pub const TENANT: &str = "x-nova-tenant";
/// Namespace that a request is about; `default` if absent.
pub const NAMESPACE: &str = "x-nova-namespace";
/// Version of the function to call, when the query names none.
pub const QUALIFIER: &str = "x-nova-qualifier";
/// Calls of an alias with the same key run the same version while that version's weight does not shrink.
pub const STICKY_KEY: &str = "nova-sticky-key";
/// A key, on the content listener, where `Authorization` may be the function's own.
pub const CONTENT_KEY: &str = "nova-key";
/// How long the caller is willing to wait for the call in all, milliseconds.
pub const TIMEOUT_MS: &str = "x-nova-timeout-ms";
/// How many calls led to this one.
pub const CALL_DEPTH: &str = "x-nova-call-depth";
/// Which functions led to this call, oldest first, separated by commas.
pub const CALL_CHAIN: &str = "x-nova-call-chain";
/// Names a request in answers and logs; made if the client sends none.
pub const REQUEST_ID: &str = "x-request-id";
/// Set to `function` on an answer 200 whose `error` is the function's own.
pub const FAILED_BY: &str = "nova-failed-by";
/// Orders of the same function with the same key are one job.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// `replay` on the answer to an order that had been accepted before.
pub const IDEMPOTENCY_STATUS: &str = "x-idempotency-status";
/// W3C trace context.
pub const TRACEPARENT: &str = "traceparent";
/// W3C trace context, vendor part.
pub const TRACESTATE: &str = "tracestate";
/// A key, for clients that cannot set `Authorization`.
pub const API_KEY: &str = "x-api-key";
/// Set by the web console on its own requests; no page of elsewhere can.
pub const CONSOLE: &str = "x-nova-console";
/// Name of the cookie that holds a session.
pub const SESSION_COOKIE: &str = "nova_session";
/// On an answer: soft limits of the tenant that are reached, `functions;used=9;soft=8;hard=10, ..`.
pub const QUOTA_WARNING: &str = "nova-quota-warning";
