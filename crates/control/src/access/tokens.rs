//! JSON Web Tokens of issuers that the settings name: who bears one, and what they may.

mod keys;

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use nova_domain::access::{Binding, Grant, Pattern, Principal, Subject};
use nova_domain::{BindingId, Code, Digest, Fault, FaultResult, RoleName, TenantName, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Access;
use super::fetch::Fetch;
use keys::IssuerKeys;
pub use keys::KeySource;

/// Longest token, bytes.
const TOKEN_MAX: usize = 16 * 1024;
/// How far clocks may differ, seconds.
const LEEWAY_S: u64 = 30;
/// Most tenants and roles that a token's claims are read for.
const NAMES_MAX: usize = 50;
/// Most keys that are tried for a token that names none.
const KEYS_TRIED: usize = 8;

/// What a token of an issuer lets its bearer do, unless a user is linked with them.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// For every bearer.
    pub tenant: Option<TenantName>,
    /// Claim that names one tenant or several.
    pub tenant_claim: Option<String>,
    /// For every bearer.
    pub roles: Vec<RoleName>,
    /// Claim that names roles: a list, or a text with spaces between.
    pub roles_claim: Option<String>,
}

/// An issuer of tokens.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// Names it in paths and logs.
    pub name: String,
    /// The claim `iss`.
    pub issuer: String,
    /// One of these must be in the claim `aud` of a bearer token; none: bearer tokens are not taken.
    pub audiences: Vec<String>,
    /// `HS256`, `RS256`, `ES256`.
    pub algorithms: Vec<Algorithm>,
    pub keys: KeySource,
    pub mapping: Mapping,
    /// How people sign in with it.
    pub sign_in: Option<super::oidc::SignInSettings>,
    /// Least time between two fetches of keys.
    pub refetch: Duration,
}

/// An issuer with its keys.
pub(super) struct Issuer {
    pub(super) settings: IssuerSettings,
    pub(super) keys: IssuerKeys,
}

/// All issuers.
#[derive(Default)]
pub(super) struct Issuers {
    pub(super) known: Vec<Issuer>,
    pub(super) fetch: Option<Fetch>,
}

/// Whether a bearer's text is a token and no key.
pub(super) fn looks_like_token(text: &str) -> bool {
    text.len() <= TOKEN_MAX
        && text.starts_with("ey")
        && text.bytes().filter(|byte| *byte == b'.').count() == 2
}

fn refuse(message: impl Into<String>) -> Fault {
    Fault::new(Code::Unauthenticated, message)
}

/// The issuer that an unverified token names.
#[derive(Deserialize)]
struct Claimed {
    #[serde(default)]
    iss: String,
}

impl Issuer {
    /// Takes settings apart; a fault names what does not fit.
    pub(super) fn new(settings: IssuerSettings) -> FaultResult<Self> {
        let wrong = |why: &str| Fault::invalid(format!("issuer `{}`: {why}", settings.name));
        let named =
            settings.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if settings.name.is_empty() || settings.name.len() > 64 || !named {
            return Err(wrong("the name must be 1 to 64 letters, digits, '-' or '_'"));
        }
        if settings.issuer.is_empty() {
            return Err(wrong("`issuer` is missing; it is the claim `iss` of its tokens"));
        }
        if settings.algorithms.is_empty() {
            return Err(wrong("`algorithms` is empty"));
        }
        for algorithm in &settings.algorithms {
            let symmetric = matches!(settings.keys, KeySource::Secret(_));
            match algorithm {
                Algorithm::HS256 if symmetric => {}
                Algorithm::RS256 | Algorithm::ES256 if !symmetric => {}
                Algorithm::HS256 => {
                    return Err(wrong("HS256 needs a `key_file` with a secret, and goes alone"));
                }
                _ => return Err(wrong("algorithms are HS256 (alone), RS256 and ES256")),
            }
        }
        let keys = IssuerKeys::new(&settings)?;
        Ok(Self { settings, keys })
    }

    /// The claims of a token, if a key of this issuer signed it for one of `audiences`.
    pub(super) async fn verify(
        &self,
        fetch: Option<&Fetch>,
        token: &str,
        audiences: &[String],
    ) -> FaultResult<Map<String, Value>> {
        // Also `none`: it is no algorithm that can be named here.
        let header = decode_header(token).map_err(|error| {
            refuse("the token's header cannot be read, or names no algorithm that is taken")
                .with_source(error)
        })?;
        if header.crit.is_some() {
            return Err(refuse("the token has critical extensions (`crit`), which are not known here"));
        }
        let algorithm = header.alg;
        if !self.settings.algorithms.contains(&algorithm) {
            return Err(refuse(format!("tokens of this issuer are not signed with {algorithm:?}")));
        }
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_audience(audiences);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let keys = self.keys.get(fetch, header.kid.as_deref()).await?;
        let suits = keys.iter().filter(|key| key.suits(algorithm, header.kid.as_deref()));
        for key in suits.take(KEYS_TRIED) {
            match decode::<Map<String, Value>>(token, &key.key, &validation) {
                Ok(data) => return Ok(data.claims),
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {}
                Err(error) => return Err(why(error)),
            }
        }
        Err(refuse("the token is not signed with a key of its issuer"))
    }
}

fn why(error: jsonwebtoken::errors::Error) -> Fault {
    let text = match error.kind() {
        ErrorKind::ExpiredSignature => "the token has expired; get a new one",
        ErrorKind::ImmatureSignature => "the token is not valid yet (claim `nbf`)",
        ErrorKind::InvalidAudience => "the token is for somebody else (claim `aud`)",
        ErrorKind::InvalidIssuer => "the token is of another issuer (claim `iss`)",
        ErrorKind::MissingRequiredClaim(claim) => {
            return refuse(format!("the token has no claim `{claim}`")).with_source(error);
        }
        _ => "the token cannot be read",
    };
    refuse(text).with_source(error)
}

/// A claim that names things: a text, or a list of texts.
fn names(claims: &Map<String, Value>, claim: Option<&String>, spaces: bool) -> Vec<String> {
    let Some(value) = claim.and_then(|claim| claims.get(claim)) else { return Vec::new() };
    let texts: Vec<String> = match value {
        Value::String(text) if spaces => text.split_whitespace().map(str::to_owned).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().take(NAMES_MAX).collect()
}

impl Access {
    /// Says whose tokens are taken. To be called once, before the first request.
    pub fn set_issuers(&self, issuers: Vec<IssuerSettings>) -> FaultResult<()> {
        let known: Vec<Issuer> = issuers.into_iter().map(Issuer::new).collect::<FaultResult<_>>()?;
        for (index, issuer) in known.iter().enumerate() {
            let twice = |other: &Issuer| {
                other.settings.name == issuer.settings.name || other.settings.issuer == issuer.settings.issuer
            };
            if known[..index].iter().any(twice) {
                return Err(Fault::invalid(format!("issuer `{}` is there twice", issuer.settings.name)));
            }
        }
        let fetch = if known.is_empty() { None } else { Some(Fetch::new()?) };
        let _ = self.inner.issuers.set(Issuers { known, fetch });
        Ok(())
    }

    pub(super) fn issuers(&self) -> &Issuers {
        static NONE: Issuers = Issuers { known: Vec::new(), fetch: None };
        self.inner.issuers.get().unwrap_or(&NONE)
    }

    /// Whoever bears this token.
    pub(super) async fn by_token(&self, hash: Digest, token: &str) -> FaultResult<Arc<Principal>> {
        let now = self.inner.clock.now();
        let known = match self.inner.principals.get(&hash) {
            Some(known) => known,
            None => {
                let moment = self.inner.principals.moment();
                let principal = self.bearer(token).await?;
                self.inner.principals.keep(hash, Arc::new(principal), None, moment)
            }
        };
        if known.principal.expires_at.is_some_and(|at| at <= now) {
            return Err(refuse("the token has expired; get a new one"));
        }
        Ok(known.principal.clone())
    }

    async fn bearer(&self, token: &str) -> FaultResult<Principal> {
        let issuers = self.issuers();
        let claimed: Claimed = jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|error| {
            refuse("this is neither a key nor a token that can be read").with_source(error)
        })?;
        let issuer = issuers
            .known
            .iter()
            .find(|issuer| issuer.settings.issuer == claimed.iss && !issuer.settings.audiences.is_empty())
            .ok_or_else(|| refuse("tokens of this issuer are not taken here"))?;
        let settings = &issuer.settings;
        let checked = issuer.verify(issuers.fetch.as_ref(), token, &settings.audiences).await;
        let result = if checked.is_ok() { "good" } else { "bad" };
        metrics::counter!("nova_tokens_total", "issuer" => settings.name.clone(), "result" => result)
            .increment(1);
        let claims = checked?;
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty());
        let sub = text("sub").ok_or_else(|| refuse("the token's claim `sub` is no text"))?;
        // Fractions are allowed; what is past a second is past.
        let end = claims.get("exp").and_then(Value::as_f64).unwrap_or_default() as i64;
        let expires_at =
            Some(Timestamp::from_micros(end.saturating_add(LEEWAY_S as i64).saturating_mul(1_000_000)));
        let users = self.inner.store.users();
        if let Some(user) = users.by_subject(&self.inner.system, &settings.issuer, sub).await? {
            let mut principal = self.user_principal(user).await?;
            principal.expires_at = expires_at;
            return Ok(principal);
        }
        let subject = Subject::Token(format!("{}#{sub}", settings.issuer));
        let grants = self.mapped(settings, &claims, &subject).await?;
        let tenants: Vec<_> = grants.iter().filter_map(|grant| grant.tenant.clone()).collect();
        let home = tenants.first().filter(|first| tenants.iter().all(|other| other == *first)).cloned();
        let name = text("email").or(text("preferred_username")).unwrap_or(sub).chars().take(254).collect();
        Ok(Principal {
            subject,
            name,
            credential: None,
            home,
            grants,
            bounds: None,
            expires_at,
            function: None,
        })
    }

    /// What the claims of a token allow by the issuer's settings.
    async fn mapped(
        &self,
        settings: &IssuerSettings,
        claims: &Map<String, Value>,
        subject: &Subject,
    ) -> FaultResult<Vec<Grant>> {
        let mapping = &settings.mapping;
        let claimed = names(claims, mapping.tenant_claim.as_ref(), false);
        let tenants = mapping
            .tenant
            .iter()
            .cloned()
            .chain(claimed.iter().filter_map(|name| TenantName::new(name).ok()));
        let claimed = names(claims, mapping.roles_claim.as_ref(), true);
        let roles: Vec<RoleName> = mapping
            .roles
            .iter()
            .cloned()
            .chain(claimed.iter().filter_map(|name| RoleName::new(name).ok()))
            .collect();
        let mut grants = Vec::new();
        for tenant in tenants {
            match self.tenant(&tenant).await {
                Ok(_) => {}
                Err(fault) if fault.code() == Code::NotFound => continue,
                Err(fault) => return Err(fault),
            }
            for role in &roles {
                let binding = Binding {
                    id: BindingId::new("token")?,
                    tenant: Some(tenant.clone()),
                    subject: subject.clone(),
                    role: role.clone(),
                    namespaces: Pattern::All,
                    resources: Pattern::All,
                    created_at: self.inner.clock.now(),
                };
                match self.grant_of_binding(&binding).await {
                    Ok(grant) => grants.push(grant),
                    // A role that there is not here says nothing here.
                    Err(fault) if fault.code() == Code::InvalidArgument => {}
                    Err(fault) => return Err(fault),
                }
            }
        }
        if grants.is_empty() {
            return Err(refuse(
                "the token is right, but gives its bearer nothing here: it names no tenant and role of this server; \
                 see the issuer's `tenant_claim` and `roles_claim`",
            ));
        }
        Ok(grants)
    }
}
