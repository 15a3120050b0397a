//! Keys of an issuer: of a file, or fetched and fetched again.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use nova_domain::{Code, Fault, FaultResult};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::super::fetch::Fetch;
use super::IssuerSettings;

/// How long fetched keys are used without asking again.
const FRESH: Duration = Duration::from_secs(600);
/// How long they are used while the issuer cannot be reached.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// Most keys of an issuer.
const KEYS_MAX: usize = 100;
/// Shortest secret of HS256, bytes.
const SECRET_MIN: usize = 32;

/// Where the keys of an issuer come from.
#[derive(Clone)]
pub enum KeySource {
    /// A secret that both sides have.
    Secret(Zeroizing<Vec<u8>>),
    /// A public key, or several, in PEM.
    Pem(String),
    /// A set of keys at this address.
    Jwks(String),
    /// Wherever the issuer's own document says.
    Discovery,
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("Secret(..)"),
            Self::Pem(_) => f.write_str("Pem(..)"),
            Self::Jwks(url) => write!(f, "Jwks({url})"),
            Self::Discovery => f.write_str("Discovery"),
        }
    }
}

/// A key with what it is for.
pub(in crate::access) struct NamedKey {
    kid: Option<String>,
    algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl NamedKey {
    /// Whether a token with that header may be signed with it. A key is for one algorithm, so
    /// a token cannot choose another for it.
    pub(super) fn suits(&self, algorithm: Algorithm, kid: Option<&str>) -> bool {
        self.algorithm == algorithm
            && match (&self.kid, kid) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => true,
            }
    }
}

/// What an issuer says of itself (OpenID Connect Discovery).
#[derive(Debug, Clone, Deserialize)]
pub(in crate::access) struct Discovered {
    issuer: String,
    jwks_uri: String,
    #[serde(default)]
    pub(in crate::access) authorization_endpoint: String,
    #[serde(default)]
    pub(in crate::access) token_endpoint: String,
    #[serde(default)]
    pub(in crate::access) token_endpoint_auth_methods_supported: Vec<String>,
}

type Keys = Arc<Vec<NamedKey>>;

#[derive(Default)]
struct Fetched {
    keys: Keys,
    document: Option<Arc<Discovered>>,
    at: Option<Instant>,
    tried_at: Option<Instant>,
}

/// The keys of one issuer.
pub(in crate::access) struct IssuerKeys {
    fixed: Option<Keys>,
    jwks_url: Option<String>,
    issuer: String,
    refetch: Duration,
    fetched: Mutex<Fetched>,
}

impl IssuerKeys {
    pub(super) fn new(settings: &IssuerSettings) -> FaultResult<Self> {
        let wrong = |why: String| Fault::invalid(format!("issuer `{}`: {why}", settings.name));
        let fixed = match &settings.keys {
            KeySource::Secret(secret) if secret.len() < SECRET_MIN => {
                return Err(wrong(format!("the secret in `key_file` is shorter than {SECRET_MIN} bytes")));
            }
            KeySource::Secret(secret) => Some(vec![NamedKey {
                kid: None,
                algorithm: Algorithm::HS256,
                key: DecodingKey::from_secret(secret),
            }]),
            KeySource::Pem(text) => Some(pem_keys(text).map_err(wrong)?),
            KeySource::Jwks(_) | KeySource::Discovery => None,
        };
        let jwks_url = match &settings.keys {
            KeySource::Jwks(url) => Some(url.clone()),
            _ => None,
        };
        if fixed.is_none() {
            Fetch::check(jwks_url.as_deref().unwrap_or(&settings.issuer))
                .map_err(|fault| wrong(fault.message().to_owned()))?;
        }
        Ok(Self {
            fixed: fixed.map(Arc::new),
            jwks_url,
            issuer: settings.issuer.clone(),
            refetch: settings.refetch,
            fetched: Mutex::new(Fetched::default()),
        })
    }

    /// Keys, with that of `kid` if there is one: an unknown one makes them be fetched again, but
    /// not more often than the settings say.
    pub(in crate::access) async fn get(&self, fetch: Option<&Fetch>, kid: Option<&str>) -> FaultResult<Keys> {
        if let Some(fixed) = &self.fixed {
            return Ok(fixed.clone());
        }
        let mut fetched = self.fetched.lock().await;
        let known = kid.is_none_or(|kid| fetched.keys.iter().any(|key| key.kid.as_deref() == Some(kid)));
        if known && fetched.at.is_some_and(|at| at.elapsed() < FRESH) {
            return Ok(fetched.keys.clone());
        }
        self.refresh(&mut fetched, fetch).await?;
        Ok(fetched.keys.clone())
    }

    /// The issuer's document, for those who sign in.
    pub(in crate::access) async fn document(&self, fetch: Option<&Fetch>) -> FaultResult<Arc<Discovered>> {
        let mut fetched = self.fetched.lock().await;
        if !(fetched.document.is_some() && fetched.at.is_some_and(|at| at.elapsed() < FRESH)) {
            self.refresh(&mut fetched, fetch).await?;
        }
        fetched.document.clone().ok_or_else(|| {
            Fault::new(Code::Unavailable, "this identity provider cannot be asked right now; try again later")
        })
    }

    async fn refresh(&self, fetched: &mut Fetched, fetch: Option<&Fetch>) -> FaultResult<()> {
        if fetched.tried_at.is_some_and(|at| at.elapsed() < self.refetch) {
            return self.stale(fetched, None);
        }
        fetched.tried_at = Some(Instant::now());
        match self.ask(fetch).await {
            Ok((keys, document)) => {
                *fetched = Fetched {
                    keys: Arc::new(keys),
                    document: document.map(Arc::new),
                    at: Some(Instant::now()),
                    tried_at: fetched.tried_at,
                };
                Ok(())
            }
            Err(fault) => {
                tracing::warn!(issuer = %self.issuer, error = %fault.log_line(), "the keys of an issuer could not be fetched");
                self.stale(fetched, Some(fault))
            }
        }
    }

    /// What was fetched before goes on for a while.
    fn stale(&self, fetched: &Fetched, cause: Option<Fault>) -> FaultResult<()> {
        if fetched.at.is_some_and(|at| at.elapsed() < STALE) {
            return Ok(());
        }
        let fault = Fault::new(
            Code::Unavailable,
            "the keys of the token's issuer cannot be fetched right now; try again later",
        );
        Err(match cause {
            Some(cause) => fault.with_source(cause),
            None => fault,
        })
    }

    async fn ask(&self, fetch: Option<&Fetch>) -> FaultResult<(Vec<NamedKey>, Option<Discovered>)> {
        let fetch = fetch.ok_or_else(|| Fault::internal("there is no client for issuers"))?;
        let (url, document) = match &self.jwks_url {
            Some(url) => (url.clone(), None),
            None => {
                let place = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
                let document: Discovered = fetch.json(&place).await?;
                if document.issuer != self.issuer {
                    let message = format!("{place} is of another issuer: {:?}", document.issuer);
                    return Err(Fault::new(Code::Unavailable, message));
                }
                (document.jwks_uri.clone(), Some(document))
            }
        };
        let set: serde_json::Value = fetch.json(&url).await?;
        Ok((keys_of(set), document))
    }
}

/// Those keys of a set that sign and are of a kind that is taken. Others are left out, one by one.
fn keys_of(set: serde_json::Value) -> Vec<NamedKey> {
    let items = set.get("keys").and_then(|keys| keys.as_array()).cloned().unwrap_or_default();
    let one = |item: serde_json::Value| {
        let set: JwkSet = serde_json::from_value(serde_json::json!({"keys": [item]})).ok()?;
        let jwk = set.keys.into_iter().next()?;
        if jwk.common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature) {
            return None;
        }
        // Never a secret: whoever can read the set could sign with it.
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            _ => return None,
        };
        let said = jwk.common.key_algorithm;
        if said.is_some_and(|said| {
            !matches!(
                (said, algorithm),
                (KeyAlgorithm::RS256, Algorithm::RS256) | (KeyAlgorithm::ES256, Algorithm::ES256)
            )
        }) {
            return None;
        }
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        Some(NamedKey { kid: jwk.common.key_id, algorithm, key })
    };
    items.into_iter().take(KEYS_MAX).filter_map(one).collect()
}

/// Public keys in PEM, one after the other.
fn pem_keys(text: &str) -> Result<Vec<NamedKey>, String> {
    const END: &str = "-----END PUBLIC KEY-----";
    let mut keys = Vec::new();
    for part in text.split_inclusive(END).filter(|part| part.contains(END)) {
        let read =
            |algorithm, key: Result<DecodingKey, _>| {
                key.ok()
                    .filter(|key: &DecodingKey| key.family() != AlgorithmFamily::Hmac)
                    .map(|key| NamedKey { kid: None, algorithm, key })
            };
        let key = read(Algorithm::RS256, DecodingKey::from_rsa_pem(part.as_bytes()))
            .or_else(|| read(Algorithm::ES256, DecodingKey::from_ec_pem(part.as_bytes())));
        keys.push(key.ok_or("a key in `key_file` is neither RSA nor EC (P-256)")?);
    }
    match keys.len() {
        0 => Err("`key_file` has no `-----BEGIN PUBLIC KEY-----`".to_owned()),
        _ => Ok(keys),
    }
}
