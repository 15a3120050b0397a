//! An issuer of tokens on loopback, with keys of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A key pair of an issuer.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) private: EncodingKey,
    /// The public key in PEM.
    pub(crate) public: String,
}

impl Key {
    pub(crate) fn es256(kid: &str) -> Self {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let private = EncodingKey::from_ec_der(der.as_ref());
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).expect("a key");
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("DER");
        let public = pem("PUBLIC KEY", public.as_ref());
        Self { kid: kid.to_owned(), algorithm: Algorithm::ES256, private, public }
    }

    pub(crate) fn rs256(kid: &str) -> Self {
        let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().expect("DER");
        let pem = pem("PRIVATE KEY", der.as_ref());
        let private = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key");
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("DER");
        let public = self::pem("PUBLIC KEY", public.as_ref());
        Self { kid: kid.to_owned(), algorithm: Algorithm::RS256, private, public }
    }

    pub(crate) fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.private, self.algorithm).expect("a public key");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(self.algorithm) };
        encode(&header, claims, &self.private).expect("signed")
    }
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// A token's payload without any signature over it.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(header), part(claims))
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) keys: Vec<Key>,
    /// How often its keys were fetched.
    pub(crate) fetched: usize,
    /// Codes with the challenge and the claims of the identity token.
    codes: HashMap<String, (String, Value)>,
    pub(crate) down: bool,
    /// The last form that was sent to it, and the header `Authorization`.
    pub(crate) form: HashMap<String, String>,
    pub(crate) authorization: String,
}

#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) state: Arc<Mutex<State>>,
}

impl Issuer {
    pub(crate) async fn start(keys: Vec<Key>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let issuer = Self { url, state: Arc::new(Mutex::new(State { keys, ..State::default() })) };
        let serving = issuer.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.answer(stream).await });
            }
        });
        issuer
    }

    pub(crate) fn claims(&self, more: &Value) -> Value {
        let now = seconds();
        let mut claims = json!({"iss": self.url, "sub": "7", "aud": "nova", "exp": now + 300, "iat": now});
        for (name, value) in more.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        claims
    }

    pub(crate) fn key(&self) -> Key {
        self.state.lock().expect("not poisoned").keys.last().cloned().expect("a key")
    }

    pub(crate) fn token(&self, more: &Value) -> String {
        self.key().sign(&self.claims(more))
    }

    /// What the provider does once somebody has signed in there: a code for the browser.
    pub(crate) fn consent(&self, location: &reqwest::Url, person: &Value) -> (String, String) {
        let query: HashMap<String, String> = location.query_pairs().into_owned().collect();
        assert_eq!(
            (query["response_type"].as_str(), query["code_challenge_method"].as_str()),
            ("code", "S256")
        );
        assert_eq!(query["scope"], "openid email profile");
        let mut claims = self.claims(person);
        if person.get("nonce").is_none() {
            claims["nonce"] = json!(query["nonce"]);
        }
        if person.get("aud").is_none() {
            claims["aud"] = json!(query["client_id"]);
        }
        let code = format!("code-{}", query["state"]);
        let challenge = query["code_challenge"].clone();
        self.state.lock().expect("not poisoned").codes.insert(code.clone(), (challenge, claims));
        (code, query["state"].clone())
    }

    async fn answer(&self, mut stream: TcpStream) {
        let mut text = Vec::new();
        let mut buffer = [0u8; 8192];
        loop {
            let Ok(size) = stream.read(&mut buffer).await else { return };
            if size == 0 {
                return;
            }
            text.extend_from_slice(&buffer[..size]);
            if let Some(whole) = whole_request(&text) {
                let (status, body) = self.respond(&whole);
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                return;
            }
        }
    }

    fn respond(&self, request: &str) -> (&'static str, String) {
        let (head, body) = request.split_once("\r\n\r\n").expect("a head");
        let path = head.split(' ').nth(1).expect("a path");
        let mut state = self.state.lock().expect("not poisoned");
        if state.down {
            return ("503 Down", "{}".to_owned());
        }
        match path {
            "/.well-known/openid-configuration" => {
                let document = json!({
                    "issuer": self.url, "jwks_uri": format!("{}/keys", self.url),
                    "authorization_endpoint": format!("{}/authorize?kept=1", self.url),
                    "token_endpoint": format!("{}/token", self.url),
                });
                ("200 OK", document.to_string())
            }
            "/keys" => {
                state.fetched += 1;
                let mut keys: Vec<Value> = state.keys.iter().map(Key::jwk).collect();
                // What a set may hold besides, and what must not be taken from it.
                keys.push(json!({"kty": "oct", "kid": "shared", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode([7; 32])}));
                keys.push(json!({"kty": "of-tomorrow", "kid": "x"}));
                ("200 OK", json!({"keys": keys}).to_string())
            }
            "/token" => {
                state.form = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
                let authorization = head.lines().find_map(|line| {
                    line.to_ascii_lowercase()
                        .starts_with("authorization:")
                        .then(|| line[14..].trim().to_owned())
                });
                state.authorization = authorization.unwrap_or_default();
                let code = state.form.get("code").cloned().unwrap_or_default();
                let verifier = state.form.get("code_verifier").cloned().unwrap_or_default();
                let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
                match state.codes.remove(&code) {
                    Some((challenge, claims)) if challenge == hash => {
                        let token = state.keys.last().expect("a key").sign(&claims);
                        let answer =
                            json!({"id_token": token, "access_token": "unused", "token_type": "Bearer"});
                        ("200 OK", answer.to_string())
                    }
                    _ => ("400 Bad", "{\"error\": \"invalid_grant\"}".to_owned()),
                }
            }
            _ => ("404 Nothing", "{}".to_owned()),
        }
    }
}

fn whole_request(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let size = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")
            .and_then(|size| size.trim().parse::<usize>().ok())
    });
    (body.len() >= size.unwrap_or(0)).then(|| text.clone())
}
