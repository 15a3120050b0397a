//! Signing in with an identity provider.

use nova_control::access::{ClientSecret, KeySource, SignInSettings};
use nova_domain::TenantName;
use nova_domain::access::{Invitation, MemberRole, Principal};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::issuer::{Issuer, Key};
use crate::support::{Reply, Server};
use crate::tokens::settings;

const CLIENT: &str = "nova-client";

fn acme() -> TenantName {
    TenantName::new("acme").expect("valid")
}

async fn world(allowed: &[&str]) -> (Server, Issuer) {
    let issuer = Issuer::start(vec![Key::es256("one")]).await;
    let server = Server::guarded().await;
    server.access.create_tenant(acme(), String::new()).await.expect("made");
    let mut provider = settings(&issuer.url, KeySource::Discovery);
    provider.sign_in = Some(SignInSettings {
        title: "The Corp".to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(ClientSecret(Zeroizing::new("it's a secret".to_owned()))),
        scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        allowed_domains: allowed.iter().map(|domain| (*domain).to_owned()).collect(),
        member_of: Some((acme(), MemberRole::Member)),
        require_verified_email: true,
    });
    server.access.set_issuers(vec![provider]).expect("valid");
    (server, issuer)
}

fn ada(more: &Value) -> Value {
    let mut person =
        json!({"sub": "ada-7", "email": "Ada@Example.com", "email_verified": true, "name": "Ada"});
    for (name, value) in more.as_object().expect("an object") {
        person[name] = value.clone();
    }
    person
}

/// A browser that begins: where it is sent, and its cookie.
async fn begin(server: &Server, query: &str) -> (reqwest::Url, String) {
    let plain = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let answer =
        plain.get(server.url(&format!("/auth/oidc/corp/start{query}"))).send().await.expect("an answer");
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
    let location = answer.headers()["location"].to_str().expect("text");
    (location.parse().expect("an address"), cookie.split(';').next().expect("a pair").to_owned())
}

/// The browser comes back.
async fn back(server: &Server, cookie: &str, code: &str, state: &str) -> Reply {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let request = http.get(server.url("/auth/oidc/corp/callback")).query(&[("code", code), ("state", state)]);
    server.send(request.header("cookie", cookie)).await
}

async fn sign_in(server: &Server, issuer: &Issuer, person: &Value, query: &str) -> Reply {
    let (location, cookie) = begin(server, query).await;
    let (code, state) = issuer.consent(&location, person);
    back(server, &cookie, &code, &state).await
}

/// The session that an answer begins, as a cookie.
fn session(reply: &Reply) -> String {
    assert_eq!(reply.status, 303, "{:?}", reply.body);
    let cookies = reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("text"));
    let found = cookies.into_iter().find(|text| text.starts_with("nova_session=")).expect("a session");
    assert!(found.contains("HttpOnly") && found.contains("SameSite=Strict"), "{found}");
    found.split(';').next().expect("a pair").to_owned()
}

async fn me(server: &Server, session: &str) -> Value {
    let request = server.request("GET", "/auth/me").header("cookie", session).header("x-nova-console", "1");
    server.send(request).await.good(200)
}

#[tokio::test]
async fn whoever_the_provider_confirms_gets_an_account_once_and_a_session_each_time() {
    let (server, issuer) = world(&["example.com"]).await;
    let listed = server.get("/auth/providers").await.good(200);
    assert_eq!(
        listed["items"],
        json!([{"name": "corp", "title": "The Corp", "start": "/auth/oidc/corp/start"}])
    );
    let reply = sign_in(&server, &issuer, &ada(&json!({})), "?return=/ui/%23/functions").await;
    assert_eq!(reply.header("location"), "/ui/#/functions");
    let first = me(&server, &session(&reply)).await;
    assert_eq!((&first["name"], &first["tenant"]), (&json!("ada@example.com"), &json!("acme")));
    assert_eq!(first["roles"][0]["role"], "member");
    {
        // The code went with its verifier and the secret, and not in an address.
        let state = issuer.state.lock().expect("not poisoned");
        assert_eq!(state.form["grant_type"], "authorization_code");
        assert!(state.form["code_verifier"].len() >= 43 && !state.form.contains_key("client_secret"));
        assert!(state.authorization.starts_with("Basic "), "{}", state.authorization);
    }
    // Known by issuer and `sub` from now on, whatever the address is.
    let again = sign_in(
        &server,
        &issuer,
        &ada(&json!({"email": "ada@elsewhere.example", "email_verified": false})),
        "",
    )
    .await;
    assert_eq!(again.header("location"), "/ui/");
    assert_eq!(me(&server, &session(&again)).await["subject"], first["subject"]);
    let sessions = server
        .request("GET", "/auth/sessions")
        .header("cookie", session(&again))
        .header("x-nova-console", "1");
    assert_eq!(server.send(sessions).await.good(200)["items"][0]["by"], "corp");
    // Their tokens are theirs too, until they are disabled.
    let token = issuer.token(&json!({"sub": "ada-7"}));
    let bearer = async || server.send(server.request("GET", "/auth/me").bearer_auth(&token)).await;
    assert_eq!(bearer().await.good(200)["subject"], first["subject"]);
    let id = first["subject"].as_str().and_then(|text| text.strip_prefix("user:")).expect("a user");
    let id = nova_domain::UserId::new(id).expect("valid");
    server.access.change_user(&Principal::dev(), &id, None, None, Some(true)).await.expect("disabled");
    bearer().await.problem(401, "unauthenticated");
    let refused = sign_in(&server, &issuer, &ada(&json!({})), "").await;
    refused.problem(401, "unauthenticated");
}

#[tokio::test]
async fn without_an_allowed_domain_an_invitation_is_needed_and_must_be_to_that_address() {
    let (server, issuer) = world(&[]).await;
    let refused = sign_in(&server, &issuer, &ada(&json!({})), "").await;
    assert!(
        refused.problem(403, "permission_denied")["detail"]
            .as_str()
            .is_some_and(|text| text.contains("invitation"))
    );
    let invite = async |email: &str| {
        let to = Invitation { email: email.to_owned(), role: Some(MemberRole::Admin), superadmin: false };
        server.access.invite(&Principal::dev(), Some(&acme()), to).await.expect("invited").secret
    };
    let others = invite("bob@example.com").await;
    let refused = sign_in(&server, &issuer, &ada(&json!({})), &format!("?invitation={others}")).await;
    refused.problem(403, "permission_denied");
    let hers = invite("ada@example.com").await;
    // An address that nobody checked is nobody's.
    for unverified in
        [json!({"email_verified": false}), json!({"email_verified": null}), json!({"email": null})]
    {
        let refused = sign_in(&server, &issuer, &ada(&unverified), &format!("?invitation={hers}")).await;
        refused.problem(403, "permission_denied");
    }
    let reply = sign_in(&server, &issuer, &ada(&json!({})), &format!("?invitation={hers}")).await;
    assert_eq!(me(&server, &session(&reply)).await["roles"][0]["role"], "admin");
    let used = sign_in(
        &server,
        &issuer,
        &ada(&json!({"sub": "other", "email": "eve@example.com"})),
        &format!("?invitation={hers}"),
    )
    .await;
    used.problem(404, "not_found");
}

#[tokio::test]
async fn an_account_that_is_there_is_linked_only_if_the_provider_speaks_for_its_domain() {
    for (allowed, linked) in [(&["example.com"][..], true), (&["elsewhere.example"], false)] {
        let (server, issuer) = world(allowed).await;
        let to = Invitation {
            email: "ada@example.com".to_owned(),
            role: Some(MemberRole::Owner),
            superadmin: false,
        };
        let invited = server.access.invite(&Principal::dev(), Some(&acme()), to).await.expect("invited");
        let body = json!({"secret": invited.secret, "name": "Ada", "password": "a long enough password"});
        server.send(server.request("POST", "/auth/accept").json(&body)).await.good(200);
        let reply = sign_in(&server, &issuer, &ada(&json!({})), "").await;
        if linked {
            assert_eq!(me(&server, &session(&reply)).await["roles"][0]["role"], "owner");
            // And to one identity only.
            let second = sign_in(&server, &issuer, &ada(&json!({"sub": "somebody-else"})), "").await;
            second.problem(403, "permission_denied");
        } else {
            reply.problem(403, "permission_denied");
        }
    }
}

#[tokio::test]
async fn a_sign_in_ends_in_the_browser_that_began_it_and_as_the_provider_was_asked() {
    let (server, issuer) = world(&["example.com"]).await;
    let (location, cookie) = begin(&server, "").await;
    assert_eq!(
        location
            .query_pairs()
            .find(|(name, _)| name == "kept")
            .map(|(_, value)| value.into_owned())
            .as_deref(),
        Some("1")
    );
    let redirect =
        location.query_pairs().find(|(name, _)| name == "redirect_uri").expect("said").1.into_owned();
    assert_eq!(redirect, server.url("/auth/oidc/corp/callback"));
    let (code, state) = issuer.consent(&location, &ada(&json!({})));
    // Another state, no cookie, a cookie of another sign-in, a changed one.
    let (_, other) = begin(&server, "").await;
    let mut changed = cookie.clone();
    changed.pop();
    for (cookie, state) in [
        (cookie.as_str(), "x"),
        ("", &state),
        (other.as_str(), &state),
        (changed.as_str(), &state),
        (cookie.as_str(), ""),
    ] {
        back(&server, cookie, &code, state).await.problem(400, "invalid_argument");
    }
    back(&server, &cookie, "", &state).await.problem(400, "invalid_argument");
    back(&server, &cookie, "another-code", &state).await.problem(401, "unauthenticated");
    // A code stands for one sign-in: with the verifier of another it is worth nothing.
    let (location, mine) = begin(&server, "").await;
    let (_, my_state) = issuer.consent(&location, &ada(&json!({})));
    back(&server, &mine, &code, &my_state).await.problem(401, "unauthenticated");
    // Identity tokens that are not for this sign-in.
    for (odd, why) in [
        (json!({"nonce": "another"}), "nonce"),
        (json!({"aud": "somebody"}), "aud"),
        (json!({"aud": [CLIENT, "somebody"]}), "azp"),
        (json!({"azp": "somebody"}), "azp"),
        (json!({"exp": 1000}), "expired"),
        (json!({"iss": "https://other.example"}), "issuer"),
    ] {
        let problem = sign_in(&server, &issuer, &ada(&odd), "").await.problem(401, "unauthenticated");
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains(why)), "{odd}: {problem}");
    }
    // The provider says no.
    let (location, cookie) = begin(&server, "").await;
    let state = location.query_pairs().find(|(name, _)| name == "state").expect("said").1.into_owned();
    let query = [("error", "access_denied"), ("error_description", "not\ntoday"), ("state", &state)];
    let request = server.request("GET", "/auth/oidc/corp/callback").query(&query).header("cookie", &cookie);
    let problem = server.send(request).await.problem(401, "unauthenticated");
    assert!(
        problem["detail"].as_str().is_some_and(|text| text.contains("access_denied: nottoday")),
        "{problem}"
    );
    // It cannot be reached, or does not exist.
    server.get("/auth/oidc/nobody/start").await.problem(404, "not_found");
    let (away, gone) = world(&["example.com"]).await;
    gone.state.lock().expect("not poisoned").down = true;
    away.get("/auth/oidc/corp/start").await.problem(503, "unavailable");
    // And it still works.
    session(&sign_in(&server, &issuer, &ada(&json!({})), "").await);
}
