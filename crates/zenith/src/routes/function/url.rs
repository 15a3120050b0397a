//! `/functions/{name}/url`: where a function is offered to people and programs outside.

use axum::extract::{Request, State};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Uri, header};
use nova_api::v1;
use nova_domain::http::{HttpAccess, SignedAddress};
use nova_domain::{Code, Fault, FaultResult, FunctionName, Scope};

use crate::app::App;
use crate::body;
use crate::content::{address_of, joined};
use crate::edge::context::Ctx;
use crate::query::{PathParams, cut};
use crate::refused::Answer;
use crate::routes::answer;

/// Bounds of how long a signed address is good, seconds.
const EXPIRES_MAX: u32 = 31_536_000;
const EXPIRES_DEFAULT: u32 = 3600;

pub(crate) async fn get(
    State(app): State<App>,
    ctx: Ctx,
    path: PathParams,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let name = path.function()?;
    let (_, http) = app.functions().offered(&ctx.scope, &name).await?;
    let url = url_of(&app, &uri, &headers, &ctx.scope, &name);
    answer::json(&v1::FunctionUrl { http: http.access, url })
}

pub(crate) async fn sign(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let name = path.function()?;
    let (parts, body) = request.into_parts();
    let body: v1::SignUrl = body::json(&parts.headers, body, body::SMALL).await?;
    let (id, http) = app.functions().offered(&ctx.scope, &name).await?;
    if http.access != HttpAccess::Signed {
        return Err(Fault::new(
            Code::Conflict,
            format!(
                "`{name}` takes no signed addresses, it is {}; set its http to signed first",
                http.access.as_str()
            ),
        )
        .into());
    }
    let base = url_of(&app, &parts.uri, &parts.headers, &ctx.scope, &name).ok_or_else(|| {
        Fault::new(Code::Conflict, "this server has no content listener (setting `content.listen`)")
    })?;
    let seconds = body.expires_s.unwrap_or(EXPIRES_DEFAULT);
    if !(1..=EXPIRES_MAX).contains(&seconds) {
        let rule = format!("must be 1 to {EXPIRES_MAX}, is {seconds}");
        return Err(Fault::invalid(format!("expires_s {rule}")).with_field("expires_s", rule).into());
    }
    let method = method_of(body.method.as_deref().unwrap_or("GET"))?;
    let line = line_of(body.path.as_deref().unwrap_or("/"))?;
    let expires = app.parts().clock.now().as_micros() / 1_000_000 + i64::from(seconds);
    let signed = SignedAddress {
        function: id.as_str(),
        generation: http.generation,
        method: method.as_str(),
        raw_path: line.path(),
        raw_query: line.query().unwrap_or_default(),
        expires,
    };
    let (key, signature) = app.parts().secrets.sign(&signed);
    let query = joined(signed.raw_query, expires, &key, &signature);
    answer::json(&v1::SignedUrl {
        url: format!("{base}{}?{query}", line.path()),
        method: method.to_string(),
        expires_at: nova_domain::Timestamp::from_micros(expires * 1_000_000),
    })
}

fn method_of(text: &str) -> FaultResult<Method> {
    let refuse = || {
        Fault::invalid(format!("method {:?} cannot be signed for", cut(text)))
            .with_field("method", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
    };
    let method: Method = text.to_ascii_uppercase().parse().map_err(|_| refuse())?;
    let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if known.contains(&method) { Ok(method) } else { Err(refuse()) }
}

/// The path below the function's own, with its query.
fn line_of(text: &str) -> FaultResult<PathAndQuery> {
    let refuse = |rule: &str| {
        Fault::invalid(format!("path {:?} cannot be signed: {rule}", cut(text))).with_field("path", rule)
    };
    if !text.starts_with('/') || text.contains('#') {
        return Err(refuse("it begins with a slash and has no #"));
    }
    let line: PathAndQuery = text.parse().map_err(|_| refuse("escape what cannot be in an address"))?;
    let taken = line.query().unwrap_or_default().split('&').any(|pair| pair.starts_with("nova-"));
    if taken { Err(refuse("parameters that begin with nova- are Nova's own")) } else { Ok(line) }
}

/// The function's address, as this caller sees this server.
fn url_of(app: &App, uri: &Uri, headers: &HeaderMap, scope: &Scope, name: &FunctionName) -> Option<String> {
    let site = app.parts().content.as_ref()?;
    let path = address_of(scope, name);
    if let Some(url) = &site.public_url {
        return Some(format!("{}{path}", url.trim_end_matches('/')));
    }
    // HTTP/2 has the host in the request line.
    let told = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = told.or(uri.authority().map(|host| host.as_str())).unwrap_or("127.0.0.1");
    // The port goes, brackets of an address stay.
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    };
    let scheme = if site.tls { "https" } else { "http" };
    Some(format!("{scheme}://{bare}:{}{path}", site.port))
}
