//! Bearer tokens of issuers.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use nova_control::access::{IssuerSettings, KeySource, Mapping};
use nova_domain::{RoleName, TenantName};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::issuer::{Issuer, Key, seconds, unsigned};
use crate::support::{Reply, Server};

pub(crate) fn settings(issuer: &str, keys: KeySource) -> IssuerSettings {
    let symmetric = matches!(keys, KeySource::Secret(_));
    IssuerSettings {
        name: "corp".to_owned(),
        issuer: issuer.to_owned(),
        audiences: vec!["nova".to_owned(), "nova-too".to_owned()],
        algorithms: if symmetric { vec![Algorithm::HS256] } else { vec![Algorithm::RS256, Algorithm::ES256] },
        keys,
        mapping: Mapping {
            tenant: None,
            tenant_claim: Some("tenant".to_owned()),
            roles: Vec::new(),
            roles_claim: Some("roles".to_owned()),
        },
        sign_in: None,
        refetch: Duration::from_millis(200),
    }
}

async fn server(settings: IssuerSettings) -> Server {
    let server = Server::guarded().await;
    server.access.create_tenant(TenantName::new("acme").expect("valid"), String::new()).await.expect("made");
    server.access.set_issuers(vec![settings]).expect("valid");
    server
}

async fn me(server: &Server, token: &str) -> Reply {
    server.send(server.request("GET", "/auth/me").bearer_auth(token)).await
}

/// The text of a refusal.
async fn refused(server: &Server, token: &str) -> String {
    let problem = me(server, token).await.problem(401, "unauthenticated");
    problem["detail"].as_str().expect("text").to_owned()
}

fn of_acme(roles: &Value) -> Value {
    json!({"tenant": "acme", "roles": roles, "email": "ada@example.com"})
}

#[tokio::test]
async fn a_token_lets_its_bearer_do_what_its_claims_say_with_every_algorithm() {
    let secret = b"a secret of thirty-two bytes, or more";
    let shared = KeySource::Secret(Zeroizing::new(secret.to_vec()));
    let hmac = server(settings("https://issuer.example", shared)).await;
    let claims = json!({
        "iss": "https://issuer.example", "sub": "7", "aud": ["other", "nova-too"], "exp": seconds() + 60,
        "tenant": "acme", "roles": "viewer unknown-role superadmin"
    });
    let token =
        encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret)).expect("signed");
    let who = me(&hmac, &token).await.good(200);
    assert_eq!(who["subject"], "token:https://issuer.example#7");
    assert_eq!((&who["tenant"], &who["superadmin"]), (&json!("acme"), &json!(false)));
    assert_eq!(who["roles"].as_array().map(Vec::len), Some(1), "{who}");
    let get = async |path: &str| hmac.send(hmac.request("GET", path).bearer_auth(&token)).await;
    get("/functions").await.good(200);
    get("/keys").await.problem(403, "permission_denied");
    let other = hmac.request("GET", "/functions").bearer_auth(&token).header("x-nova-tenant", "default");
    hmac.send(other).await.problem(403, "permission_denied");

    for key in [Key::rs256("one"), Key::es256("one")] {
        let issuer = Issuer::start(vec![key.clone()]).await;
        let fetched = server(settings(&issuer.url, KeySource::Jwks(format!("{}/keys", issuer.url)))).await;
        let found = server(settings(&issuer.url, KeySource::Discovery)).await;
        for server in [&fetched, &found] {
            let who = me(server, &issuer.token(&of_acme(&json!(["admin"])))).await.good(200);
            assert_eq!((&who["name"], &who["kind"]), (&json!("ada@example.com"), &json!("token")));
        }
        let file = server(settings(&issuer.url, KeySource::Pem(key.public.clone()))).await;
        me(&file, &issuer.token(&of_acme(&json!(["admin"])))).await.good(200);
    }
}

#[tokio::test]
async fn tokens_that_are_old_early_for_others_or_of_others_are_refused_and_told_why() {
    let issuer = Issuer::start(vec![Key::es256("one")]).await;
    let server = server(settings(&issuer.url, KeySource::Jwks(format!("{}/keys", issuer.url)))).await;
    let good = of_acme(&json!(["viewer"]));
    let with = |more: Value| {
        let mut claims = good.clone();
        for (name, value) in more.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        issuer.token(&claims)
    };
    me(&server, &with(json!({}))).await.good(200);
    for (more, why) in [
        (json!({"exp": seconds() - 60}), "expired"),
        (json!({"exp": null}), "exp"),
        (json!({"nbf": seconds() + 120}), "nbf"),
        (json!({"aud": "somebody"}), "aud"),
        (json!({"aud": null}), "aud"),
        (json!({"iss": "https://other.example"}), "issuer"),
        (json!({"sub": null}), "sub"),
        (json!({"sub": ""}), "sub"),
        (json!({"tenant": "nobody"}), "gives its bearer nothing"),
        (json!({"roles": ["superadmin"]}), "gives its bearer nothing"),
        (json!({"roles": 7}), "gives its bearer nothing"),
    ] {
        let text = refused(&server, &with(more.clone())).await;
        assert!(text.contains(why), "{more}: {text}");
    }
    for odd in ["ey.ey.ey", "eyJhbGciOiJFUzI1NiJ9..", &format!("ey{}.a.b", "x".repeat(20_000))] {
        refused(&server, odd).await;
    }
}

#[tokio::test]
async fn a_token_chooses_neither_its_algorithm_nor_its_key() {
    let issuer = Issuer::start(vec![Key::rs256("one")]).await;
    let server = server(settings(&issuer.url, KeySource::Jwks(format!("{}/keys", issuer.url)))).await;
    let claims = issuer.claims(&of_acme(&json!(["owner"])));
    let good = issuer.key().sign(&claims);
    me(&server, &good).await.good(200);
    // No signature at all, in every spelling.
    for none in ["none", "None", "NONE", ""] {
        refused(&server, &unsigned(&json!({"alg": none, "typ": "JWT"}), &claims)).await;
    }
    refused(&server, &unsigned(&json!({"alg": "RS256", "kid": "one"}), &claims)).await;
    // The public key as the secret of HS256, as text and as bytes; and a secret of the set.
    let jwk = issuer.key().jwk();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().expect("n")).expect("base64");
    for secret in [jwk.to_string().into_bytes(), modulus, issuer.key().public.into_bytes(), vec![7; 32]] {
        for kid in ["one", "shared"] {
            let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
            let token = encode(&header, &claims, &EncodingKey::from_secret(&secret)).expect("signed");
            let text = refused(&server, &token).await;
            assert!(text.contains("HS256"), "{text}");
        }
    }
    // A key of its own, brought along.
    let own = Key::rs256("one");
    refused(&server, &own.sign(&claims)).await;
    let header = Header {
        kid: Some("one".to_owned()),
        jwk: serde_json::from_value(own.jwk()).ok(),
        ..Header::new(Algorithm::RS256)
    };
    refused(&server, &encode(&header, &claims, &own.private).expect("signed")).await;
    // Another payload under a good signature.
    let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
    let mut more = claims.clone();
    more["sub"] = json!("8");
    parts[1] = URL_SAFE_NO_PAD.encode(more.to_string());
    refused(&server, &parts.join(".")).await;
    // What it says is critical and nobody here knows.
    let header = Header {
        crit: Some(vec!["exp".to_owned()]),
        kid: Some("one".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let text = refused(&server, &encode(&header, &claims, &issuer.key().private).expect("signed")).await;
    assert!(text.contains("crit"), "{text}");
}

#[tokio::test]
async fn a_new_key_of_an_issuer_is_fetched_when_it_is_met_but_not_for_every_stranger() {
    let issuer = Issuer::start(vec![Key::es256("one")]).await;
    let server = server(settings(&issuer.url, KeySource::Jwks(format!("{}/keys", issuer.url)))).await;
    let roles = json!(["viewer"]);
    me(&server, &issuer.token(&of_acme(&roles))).await.good(200);
    assert_eq!(issuer.state.lock().expect("not poisoned").fetched, 1);
    // Strangers: many unknown keys, and few fetches.
    for number in 0..20 {
        let stranger = Key::es256(&format!("stranger-{number}"));
        refused(&server, &stranger.sign(&issuer.claims(&of_acme(&roles)))).await;
    }
    let asked = issuer.state.lock().expect("not poisoned").fetched;
    assert!(asked <= 4, "{asked} fetches for 20 strangers");
    // The issuer goes over to another key; the old one is not there any more.
    issuer.state.lock().expect("not poisoned").keys = vec![Key::es256("two")];
    tokio::time::sleep(Duration::from_millis(250)).await;
    me(&server, &issuer.token(&of_acme(&roles))).await.good(200);
    // While it is away what was fetched goes on; a key that is not known is refused.
    issuer.state.lock().expect("not poisoned").down = true;
    tokio::time::sleep(Duration::from_millis(250)).await;
    refused(&server, &Key::es256("three").sign(&issuer.claims(&of_acme(&roles)))).await;
    me(&server, &issuer.token(&json!({"sub": "9", "tenant": "acme", "roles": roles}))).await.good(200);
    // One that was never reached is no reason to say that a token is bad.
    let gone = Issuer::start(vec![Key::es256("one")]).await;
    gone.state.lock().expect("not poisoned").down = true;
    let fresh = self::server(settings(&gone.url, KeySource::Discovery)).await;
    me(&fresh, &gone.token(&of_acme(&roles))).await.problem(503, "unavailable");
}

#[tokio::test]
async fn settings_that_cannot_be_right_are_refused() {
    let server = Server::guarded().await;
    let secret = || KeySource::Secret(Zeroizing::new(vec![1; 32]));
    let good = || settings("https://issuer.example", secret());
    for (what, bad) in [
        (
            "a short secret",
            settings("https://issuer.example", KeySource::Secret(Zeroizing::new(vec![1; 31]))),
        ),
        ("both kinds", IssuerSettings { algorithms: vec![Algorithm::HS256, Algorithm::RS256], ..good() }),
        ("no secret", IssuerSettings { keys: KeySource::Discovery, ..good() }),
        ("no algorithm", IssuerSettings { algorithms: Vec::new(), ..good() }),
        ("no TLS", settings("http://issuer.example", KeySource::Discovery)),
        ("no key", settings("https://issuer.example", KeySource::Pem("nothing".to_owned()))),
        ("no name", IssuerSettings { name: "../x".to_owned(), ..good() }),
        ("no issuer", settings("", secret())),
    ] {
        assert!(server.access.set_issuers(vec![bad]).is_err(), "{what}");
    }
    assert!(server.access.set_issuers(vec![good(), good()]).is_err(), "twice");
    let fixed = Mapping {
        tenant: TenantName::new("default").ok(),
        roles: vec![RoleName::new("viewer").expect("valid")],
        ..Mapping::default()
    };
    server.access.set_issuers(vec![IssuerSettings { mapping: fixed, ..good() }]).expect("valid");
    let claims = json!({"iss": "https://issuer.example", "sub": "7", "aud": "nova", "exp": seconds() + 60, "roles": ["owner"]});
    let token =
        encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(&[1; 32])).expect("signed");
    let who = me(&server, &token).await.good(200);
    assert_eq!(who["roles"][0]["role"], "viewer", "what is fixed is not for the token to say: {who}");
}
