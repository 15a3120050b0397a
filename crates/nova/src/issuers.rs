//! `[[access.issuers]]`: issuers of tokens, and identity providers to sign in with.

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nova_control::access::{Algorithm, ClientSecret, IssuerSettings, KeySource, Mapping, SignInSettings};
use nova_domain::access::MemberRole;
use nova_domain::{RoleName, TenantName};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Least time between two fetches of an issuer's keys.
const REFETCH: Duration = Duration::from_secs(10);

/// One issuer. Secrets are in files of their own, so that the settings can be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IssuerTable {
    pub(crate) name: String,
    /// For people who sign in; the name if empty.
    pub(crate) title: String,
    /// The claim `iss`.
    pub(crate) issuer: String,
    /// Bearer tokens must be for one of these; empty: none are taken.
    pub(crate) audiences: Vec<String>,
    pub(crate) algorithms: Vec<String>,
    /// PEM of public keys, or the secret of HS256.
    pub(crate) key_file: String,
    /// A set of keys; without it and `key_file` the issuer's own document says where.
    pub(crate) jwks_url: String,
    pub(crate) tenant: String,
    pub(crate) tenant_claim: String,
    pub(crate) roles: Vec<String>,
    pub(crate) roles_claim: String,
    /// With it people can sign in.
    pub(crate) client_id: String,
    pub(crate) client_secret_file: String,
    pub(crate) scopes: Vec<String>,
    /// Mail domains whose people get an account; others need an invitation.
    pub(crate) allowed_domains: Vec<String>,
    /// What a new account is in `tenant`: owner, admin or member; empty: no member.
    pub(crate) member_role: String,
    pub(crate) require_verified_email: bool,
}

impl Default for IssuerTable {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            name: String::new(),
            title: String::new(),
            issuer: String::new(),
            audiences: Vec::new(),
            algorithms: texts(&["RS256", "ES256"]),
            key_file: String::new(),
            jwks_url: String::new(),
            tenant: String::new(),
            tenant_claim: String::new(),
            roles: Vec::new(),
            roles_claim: String::new(),
            client_id: String::new(),
            client_secret_file: String::new(),
            scopes: texts(&["openid", "email", "profile"]),
            allowed_domains: Vec::new(),
            member_role: String::new(),
            require_verified_email: true,
        }
    }
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl IssuerTable {
    /// The issuer with its files read.
    pub(crate) fn settings(&self) -> anyhow::Result<IssuerSettings> {
        self.read().with_context(|| format!("setting `access.issuers`, issuer {:?}", self.name))
    }

    fn read(&self) -> anyhow::Result<IssuerSettings> {
        let algorithms = self.algorithms.iter().map(|name| {
            Algorithm::from_str(name)
                .with_context(|| format!("{name:?} is no algorithm; there are HS256, RS256, ES256"))
        });
        let algorithms = algorithms.collect::<anyhow::Result<Vec<_>>>()?;
        let tenant = given(&self.tenant).map(TenantName::new).transpose()?;
        let member_role = given(&self.member_role).map(|role| MemberRole::parse(&role)).transpose()?;
        let member_of = match (&tenant, member_role) {
            (_, None) => None,
            (Some(tenant), Some(role)) => Some((tenant.clone(), role)),
            (None, Some(_)) => bail!("`member_role` needs `tenant`: what new people become a member of"),
        };
        let sign_in = given(&self.client_id).map(|client_id| -> anyhow::Result<SignInSettings> {
            if !(self.key_file.is_empty() && self.jwks_url.is_empty()) {
                bail!("`client_id` goes without `key_file` and `jwks_url`: the issuer's own document says where its keys are");
            }
            let secret = given(&self.client_secret_file).map(|path| read_secret(&path)).transpose()?;
            Ok(SignInSettings {
                title: given(&self.title).unwrap_or_else(|| self.name.clone()),
                client_id,
                client_secret: secret.map(ClientSecret),
                scopes: self.scopes.clone(),
                allowed_domains: self.allowed_domains.clone(),
                member_of,
                require_verified_email: self.require_verified_email,
            })
        });
        if self.audiences.is_empty() && self.client_id.is_empty() {
            bail!(
                "it has neither `audiences` (tokens are taken) nor `client_id` (people sign in): it would do nothing"
            );
        }
        Ok(IssuerSettings {
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            audiences: self.audiences.clone(),
            keys: self.keys(&algorithms)?,
            algorithms,
            mapping: Mapping {
                tenant,
                tenant_claim: given(&self.tenant_claim),
                roles: self.roles.iter().map(RoleName::new).collect::<Result<_, _>>()?,
                roles_claim: given(&self.roles_claim),
            },
            sign_in: sign_in.transpose()?,
            refetch: REFETCH,
        })
    }

    fn keys(&self, algorithms: &[Algorithm]) -> anyhow::Result<KeySource> {
        match (given(&self.key_file), given(&self.jwks_url)) {
            (Some(_), Some(_)) => bail!("`key_file` and `jwks_url` are both there; keep one"),
            (Some(path), None) if algorithms.contains(&Algorithm::HS256) => {
                let secret = read_secret(&path)?;
                Ok(KeySource::Secret(Zeroizing::new(secret.as_bytes().to_vec())))
            }
            (Some(path), None) => Ok(KeySource::Pem(
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?,
            )),
            (None, Some(url)) => Ok(KeySource::Jwks(url)),
            (None, None) => Ok(KeySource::Discovery),
        }
    }
}

/// A secret in a file, without the line end.
fn read_secret(path: &str) -> anyhow::Result<Zeroizing<String>> {
    let text = Zeroizing::new(std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?);
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        bail!("{path} is empty; it should hold a secret");
    }
    Ok(Zeroizing::new(secret.to_owned()))
}
