//! The router: one handler per row of the table of endpoints.

mod access;
mod alias;
mod answer;
mod audit;
pub(crate) mod call;
mod code;
mod console;
mod function;
mod job;
mod log;
mod platform;
mod quota;
mod run;
mod secret;
mod stats;
mod version;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, get, on};
use http::Method as HttpMethod;
use nova_api::endpoints::{ENDPOINTS, Method};
use nova_domain::{Code, Fault};

use crate::app::App;
use crate::edge::audited::{Audited, audited};
use crate::edge::authorise::{Guarded, authorise};
use crate::edge::context::Ctx;
use crate::refused::Refused;

macro_rules! handlers {
    ($($id:literal => $handler:path,)*) => {
        /// Ids of all handlers.
        #[cfg(test)]
        const HANDLERS: &[&str] = &[$($id),*];

        /// The handler of an endpoint, for its method.
        fn handler(id: &str, method: MethodFilter) -> Option<MethodRouter<App>> {
            match id {
                $($id => Some(on(method, $handler)),)*
                _ => None,
            }
        }
    };
}

handlers! {
    "create_function" => function::create::create,
    "list_functions" => function::list::list,
    "get_function" => function::get::get,
    "update_function" => function::update::update,
    "delete_function" => function::delete::delete,
    "get_code" => code::get::get,
    "replace_code" => code::replace::replace,
    "list_files" => code::files::list,
    "get_file" => code::files::content,
    "list_versions" => version::list::list,
    "get_version" => version::get::get,
    "get_build_log" => version::build_log::build_log,
    "activate_version" => version::activate::activate,
    "diff_versions" => version::diff::diff,
    "create_alias" => alias::create,
    "list_aliases" => alias::list,
    "get_alias" => alias::get,
    "update_alias" => alias::update,
    "delete_alias" => alias::delete,
    "promote_alias" => alias::promote,
    "rollback_alias" => alias::roll_back,
    "start_rollout" => alias::rollout::start,
    "get_rollout" => alias::rollout::get,
    "pause_rollout" => alias::rollout::pause,
    "resume_rollout" => alias::rollout::resume,
    "abort_rollout" => alias::rollout::abort,
    "get_function_url" => function::url::get,
    "sign_function_url" => function::url::sign,
    "invoke" => call::invoke::invoke,
    "invoke_async" => call::enqueue::enqueue,
    "list_function_jobs" => job::list::of_function,
    "list_jobs" => job::list::all,
    "get_job" => job::get::get,
    "delete_job" => job::delete::delete,
    "retry_job" => job::retry::retry,
    "aws_invoke" => call::aws::invoke,
    "invoke_stream" => call::stream::stream,
    "list_function_runs" => run::list::of_function,
    "list_runs" => run::list::all,
    "get_run" => run::get::get,
    "get_run_logs" => log::of_run::of_run,
    "get_function_logs" => log::of_function::of_function,
    "get_stats" => stats::get,
    "get_system" => platform::system::get,
    "create_secret" => secret::create::create,
    "list_secrets" => secret::list::list,
    "get_secret" => secret::get::get,
    "update_secret" => secret::update::update,
    "delete_secret" => secret::delete::delete,
    "rotate_master_key" => secret::rotate::rotate,
    "list_runtimes" => platform::runtimes::list,
    "get_health" => platform::health::all,
    "get_health_live" => platform::health::live,
    "get_health_ready" => platform::health::ready,
    "get_health_startup" => platform::health::startup,
    "get_metrics" => platform::metrics::text,
    "sign_in" => access::auth::sign_in,
    "sign_out" => access::auth::sign_out,
    "list_providers" => access::oidc::providers,
    "start_oidc" => access::oidc::start,
    "finish_oidc" => access::oidc::callback,
    "get_me" => access::auth::me,
    "create_key" => access::keys::create,
    "list_keys" => access::keys::list,
    "get_key" => access::keys::get,
    "revoke_key" => access::keys::revoke,
    "create_tenant" => access::tenants::create,
    "list_tenants" => access::tenants::list,
    "get_tenant" => access::tenants::get,
    "delete_tenant" => access::tenants::delete,
    "create_namespace" => access::namespaces::create,
    "list_namespaces" => access::namespaces::list,
    "get_namespace" => access::namespaces::get,
    "delete_namespace" => access::namespaces::delete,
    "accept_invitation" => access::people::accept,
    "change_password" => access::auth::change_password,
    "list_sessions" => access::auth::list_sessions,
    "end_session" => access::auth::end_session,
    "list_users" => access::people::list_users,
    "get_user" => access::people::get_user,
    "change_user" => access::people::change_user,
    "delete_user" => access::people::delete_user,
    "create_invitation" => access::people::invite,
    "list_invitations" => access::people::list_invitations,
    "delete_invitation" => access::people::withdraw,
    "list_members" => access::people::list_members,
    "set_member" => access::people::set_member,
    "remove_member" => access::people::remove_member,
    "create_service_account" => access::people::create_service,
    "list_service_accounts" => access::people::list_services,
    "get_service_account" => access::people::get_service,
    "delete_service_account" => access::people::delete_service,
    "create_role" => access::roles::create,
    "list_roles" => access::roles::list,
    "get_role" => access::roles::get,
    "put_role" => access::roles::put,
    "delete_role" => access::roles::delete,
    "create_binding" => access::roles::bind,
    "list_bindings" => access::roles::list_bindings,
    "delete_binding" => access::roles::unbind,
    "list_audit" => audit::list,
    "get_audit" => audit::get,
    "verify_audit" => audit::verify,
    "list_quotas" => quota::list,
    "set_quota" => quota::set,
    "unset_quota" => quota::unset,
    "get_openapi" => platform::docs::openapi,
}

const fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

/// Every endpoint at its path and below `/v1`, and the pages for people.
pub(crate) fn router(app: App) -> Result<Router, Fault> {
    let mut router = Router::new();
    for row in ENDPOINTS {
        let guarded = Guarded::of(&app, row)?.map(Arc::new);
        let noted = Audited::of(&app, row).map(Arc::new);
        for path in [row.path.to_owned(), format!("/v1{}", row.path)] {
            let missing = || Fault::internal(format!("endpoint {} has no handler", row.id));
            let mut handler = handler(row.id, filter(row.method)).ok_or_else(missing)?;
            if let Some(guarded) = &guarded {
                handler = handler.route_layer(from_fn_with_state(guarded.clone(), authorise));
            }
            if let Some(noted) = &noted {
                handler = handler.route_layer(from_fn_with_state(noted.clone(), audited));
            }
            router = router.route(&path, handler);
        }
    }
    Ok(router
        .route("/", get(console::root))
        .route("/ui", get(console::without_slash))
        .route("/ui/", get(console::index))
        .route("/ui/{*file}", get(console::file))
        .route("/docs", get(platform::docs::root))
        .route("/docs/", get(platform::docs::index))
        .route("/docs/{*file}", get(platform::docs::file))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(app))
}

async fn no_such_path(_: Ctx, uri: http::Uri) -> Refused {
    let path: String = uri.path().chars().take(200).collect();
    Fault::new(Code::NotFound, format!("there is nothing at {path}; /docs shows what there is")).into()
}

async fn no_such_method(_: Ctx, method: HttpMethod, uri: http::Uri) -> Refused {
    let path: String = uri.path().chars().take(200).collect();
    Fault::new(
        Code::MethodNotAllowed,
        format!("{path} is there, but does not take {method}; the header Allow names what it takes"),
    )
    .into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_has_a_handler_and_every_handler_a_row() {
        let rows: BTreeSet<_> = ENDPOINTS.iter().map(|row| row.id).collect();
        let handlers: BTreeSet<_> = HANDLERS.iter().copied().collect();
        assert_eq!(rows, handlers);
    }
}
