//! `/auth/providers` and `/auth/oidc/..`: signing in with an identity provider.

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use nova_api::v1;
use nova_control::access::Returned;
use nova_domain::{Fault, FaultResult};

use super::auth::{cookie, set_cookie};
use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

/// Cookie of a sign-in under way. It must come along when the provider sends the browser back.
const UNDERWAY: &str = "nova_oidc";

pub(crate) async fn providers(State(app): State<App>, _: Ctx) -> Answer {
    let view = |provider: nova_control::access::Provider| v1::ProviderView {
        start: format!("/auth/oidc/{}/start", provider.name),
        name: provider.name,
        title: provider.title,
    };
    let items = app.access().providers().into_iter().map(view).collect();
    answer::json(&v1::Page { items, next_cursor: None })
}

pub(crate) async fn start(
    State(app): State<App>,
    _: Ctx,
    path: PathParams,
    query: Query,
    request: Request,
) -> Answer {
    let name = path.get("provider")?;
    let redirect = redirect(&app, name, &request)?;
    let (to, invitation) = (query.get("return"), query.get("invitation"));
    let started = match app.access().start_sign_in(name, &redirect, to, invitation).await {
        Ok(started) => started,
        Err(fault) => return failed(fault, request.headers()),
    };
    let mut response = see_other(&started.location)?;
    let text = cookie(&app, UNDERWAY, &started.cookie, started.lasts_s, "Lax");
    add_cookie(&mut response, &text)?;
    Ok(response)
}

pub(crate) async fn callback(
    State(app): State<App>,
    ctx: Ctx,
    path: PathParams,
    query: Query,
    request: Request,
) -> Answer {
    let name = path.get("provider")?;
    let redirect = redirect(&app, name, &request)?;
    let text = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let error = query.get("error").map(|error| match query.get("error_description") {
        Some(more) => format!("{error}: {more}"),
        None => error.to_owned(),
    });
    let returned =
        Returned { code: text("code"), state: text("state"), error, cookie: underway(request.headers()) };
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let finished = app
        .access()
        .finish_sign_in(name, &redirect, returned, ctx.peer.address, agent.unwrap_or_default())
        .await;
    let (begun, to) = match finished {
        Ok(finished) => finished,
        Err(fault) => return failed(fault, request.headers()),
    };
    let mut response = see_other(&to)?;
    let left = begun.session.expires_at.map_or(0, |at| at.micros_since(app.parts().clock.now()) / 1_000_000);
    set_cookie(&app, &mut response, &begun.secret, left.max(0))?;
    add_cookie(&mut response, &cookie(&app, UNDERWAY, "", 0, "Lax"))?;
    Ok(response)
}

/// Where the provider sends the browser back; the same text in both steps, and registered there.
fn redirect(app: &App, name: &str, request: &Request) -> FaultResult<String> {
    let address = app.parts().site.address(request);
    let address = address.ok_or_else(|| Fault::invalid("the request says not for which host it is"))?;
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
    Ok(format!("{address}/auth/oidc/{}/callback", name.replace("%2D", "-").replace("%5F", "_")))
}

/// A person in a browser gets back to the page where they sign in, which tells them; a program
/// gets the problem document.
fn failed(fault: Fault, headers: &HeaderMap) -> Answer {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/html") {
        return Err(fault.into());
    }
    tracing::info!(cause = %fault.log_line(), "a sign-in with an identity provider failed");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("error", fault.message());
    Ok(see_other(&format!("/ui/sign-in?{}", query.finish()))?)
}

fn underway(headers: &HeaderMap) -> String {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == UNDERWAY).map(|(_, value)| value.to_owned()).unwrap_or_default()
}

fn see_other(to: &str) -> FaultResult<Response> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let to = HeaderValue::from_str(to)
        .map_err(|error| Fault::internal("a redirect could not be written").with_source(error))?;
    response.headers_mut().insert(header::LOCATION, to);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn add_cookie(response: &mut Response, text: &str) -> FaultResult<()> {
    let value = HeaderValue::from_str(text)
        .map_err(|error| Fault::internal("a cookie could not be written").with_source(error))?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(())
}
