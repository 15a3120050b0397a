//! Signing in with OpenID Connect: authorisation code with PKCE, state and nonce.
//!
//! What must be remembered between begin and return is sealed into a cookie of the browser that
//! began, so nothing is stored, and no other browser can finish it.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nova_domain::access::{MemberRole, Membership, SessionNote, Subject, User, user};
use nova_domain::audit::{AuditOutcome, Chain, Change, Resource};
use nova_domain::{Code, Fault, FaultResult, TenantName};
use nova_store::repo::{Accepted, UserChange};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::sessions::Begun;
use super::tokens::Issuer;
use super::{Access, Attempt, LABEL_MAX};
use crate::audit::{self, about, shown};

/// How long somebody may take at their provider.
const LASTS_S: i64 = 600;
/// What the cookie is sealed for.
const PLACE: &str = "nova oidc sign-in";
/// Longest address to return to, bytes.
const RETURN_MAX: usize = 1024;

/// How people sign in with an issuer.
#[derive(Debug, Clone)]
pub struct SignInSettings {
    /// For people.
    pub title: String,
    pub client_id: String,
    /// None: a public client.
    pub client_secret: Option<Secret>,
    pub scopes: Vec<String>,
    /// Who of these mail domains signs in gets an account; nobody else without an invitation.
    pub allowed_domains: Vec<String>,
    /// What a new account becomes a member of, and as what.
    pub member_of: Option<(TenantName, MemberRole)>,
    /// Whether an address counts only if the provider says that it is verified.
    pub require_verified_email: bool,
}

/// A secret that does not print itself.
#[derive(Clone)]
pub struct Secret(pub Zeroizing<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A provider, as people see it.
#[derive(Debug, Clone)]
pub struct Provider {
    pub name: String,
    pub title: String,
}

/// Somebody sets out to their provider.
#[derive(Debug)]
pub struct Started {
    /// Where the browser goes.
    pub location: String,
    /// What its cookie holds until it is back.
    pub cookie: String,
    pub lasts_s: i64,
}

/// Somebody comes back.
#[derive(Debug, Default)]
pub struct Returned {
    pub code: String,
    pub state: String,
    /// What the provider says instead of a code.
    pub error: Option<String>,
    pub cookie: String,
}

#[derive(Serialize, Deserialize)]
struct Underway {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    /// Where in the console to go on.
    to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invitation: Option<String>,
    until_s: i64,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Who the provider says that it is.
struct Person {
    issuer: String,
    sub: String,
    /// Checked, if it counts.
    email: Option<String>,
    name: String,
}

fn random() -> FaultResult<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::internal("the system gives no randomness").with_source(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn begin_again() -> Fault {
    Fault::invalid("this sign-in was not begun in this browser, or took longer than 10 minutes; begin again")
}

/// A place in the console: nothing that leads to another site.
fn local_place(to: Option<&str>) -> String {
    let plain = |to: &&str| {
        to.starts_with("/ui/")
            && to.len() <= RETURN_MAX
            && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    to.filter(plain).unwrap_or("/ui/").to_owned()
}

impl Access {
    /// Providers with which people can sign in.
    pub fn providers(&self) -> Vec<Provider> {
        let view = |issuer: &Issuer| {
            let sign_in = issuer.settings.sign_in.as_ref()?;
            Some(Provider { name: issuer.settings.name.clone(), title: sign_in.title.clone() })
        };
        self.issuers().known.iter().filter_map(view).collect()
    }

    fn provider(&self, name: &str) -> FaultResult<(&Issuer, &SignInSettings)> {
        let found = self.issuers().known.iter().find(|issuer| issuer.settings.name == name);
        found
            .and_then(|issuer| Some((issuer, issuer.settings.sign_in.as_ref()?)))
            .ok_or_else(|| Fault::not_found("identity provider", name.chars().take(80).collect::<String>()))
    }

    /// Sends somebody to a provider, who is to come back to `redirect`.
    pub async fn start_sign_in(
        &self,
        name: &str,
        redirect: &str,
        to: Option<&str>,
        invitation: Option<&str>,
    ) -> FaultResult<Started> {
        let (issuer, settings) = self.provider(name)?;
        let document = issuer.keys.document(self.issuers().fetch.as_ref()).await?;
        let underway = Underway {
            provider: name.to_owned(),
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            to: local_place(to),
            invitation: invitation.map(|text| text.chars().take(200).collect()),
            until_s: self.inner.clock.now().as_micros() / 1_000_000 + LASTS_S,
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(underway.verifier.as_bytes()));
        let mut location = reqwest::Url::parse(&document.authorization_endpoint).map_err(|error| {
            Fault::new(Code::Unavailable, "this identity provider says not where to sign in")
                .with_source(error)
        })?;
        location
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &settings.scopes.join(" "))
            .append_pair("state", &underway.state)
            .append_pair("nonce", &underway.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let plain = serde_json::to_vec(&underway)
            .map_err(|error| Fault::internal("a sign-in under way").with_source(error))?;
        let cookie = URL_SAFE_NO_PAD.encode(self.vault()?.seal(PLACE, &plain)?.bytes);
        Ok(Started { location: location.into(), cookie, lasts_s: LASTS_S })
    }

    /// Begins the session of somebody who comes back, and says where in the console to go on.
    pub async fn finish_sign_in(
        &self,
        name: &str,
        redirect: &str,
        returned: Returned,
        address: Option<IpAddr>,
        agent: &str,
    ) -> FaultResult<(Begun, String)> {
        if let Some(address) = address {
            self.inner.attempts.count(Attempt::from(address))?;
        }
        let finished = self.try_finish(name, redirect, returned).await;
        let result = if finished.is_ok() { "good" } else { "bad" };
        metrics::counter!("nova_sign_ins_total", "result" => result).increment(1);
        if let Err(fault) = &finished
            && matches!(fault.code(), Code::Unauthenticated | Code::PermissionDenied)
        {
            audit::note(&self.inner.store, Some(&tried(name)), AuditOutcome::Failed, fault.code()).await;
        }
        let (user, to) = finished?;
        let note = SessionNote {
            address: address.map(|address| address.to_string()).unwrap_or_default(),
            agent: agent.chars().filter(|c| !c.is_control()).take(200).collect(),
            by: name.to_owned(),
            key: None,
        };
        let begun = self.begin_session(Subject::User(user.id), user.email, None, note).await?;
        Ok((begun, to))
    }

    async fn try_finish(
        &self,
        name: &str,
        redirect: &str,
        returned: Returned,
    ) -> FaultResult<(User, String)> {
        let (issuer, settings) = self.provider(name)?;
        let underway = self.underway(name, &returned)?;
        if let Some(error) = &returned.error {
            let shown: String = error.chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(Fault::new(Code::Unauthenticated, format!("the identity provider refused: {shown}")));
        }
        if returned.code.is_empty() {
            return Err(Fault::invalid("the identity provider sent no code; begin again"));
        }
        let claims = self.redeem(issuer, settings, redirect, &returned.code, &underway).await?;
        let person = person_of(issuer, settings, &claims)?;
        let user = self.user_of(settings, person, underway.invitation.as_deref()).await?;
        if user.disabled {
            return Err(Fault::new(Code::Unauthenticated, "this account is disabled; ask an administrator"));
        }
        Ok((user, underway.to))
    }

    fn underway(&self, name: &str, returned: &Returned) -> FaultResult<Underway> {
        let sealed = URL_SAFE_NO_PAD.decode(&returned.cookie).map_err(|_| begin_again())?;
        let plain = self.vault()?.open(PLACE, &sealed).map_err(|_| begin_again())?;
        let underway: Underway = serde_json::from_slice(&plain).map_err(|_| begin_again())?;
        let now = self.inner.clock.now().as_micros() / 1_000_000;
        if underway.provider != name || underway.state != returned.state || underway.until_s < now {
            return Err(begin_again());
        }
        Ok(underway)
    }

    /// Changes the code for the claims of an identity token.
    async fn redeem(
        &self,
        issuer: &Issuer,
        settings: &SignInSettings,
        redirect: &str,
        code: &str,
        underway: &Underway,
    ) -> FaultResult<Map<String, Value>> {
        let issuers = self.issuers();
        let fetch =
            issuers.fetch.as_ref().ok_or_else(|| Fault::internal("there is no client for issuers"))?;
        let document = issuer.keys.document(Some(fetch)).await?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", underway.verifier.as_str()),
        ];
        let methods = &document.token_endpoint_auth_methods_supported;
        let basic = methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic");
        let secret = settings.client_secret.as_ref().map(|secret| secret.0.as_str());
        let header = secret.filter(|_| basic).map(|secret| (settings.client_id.as_str(), secret));
        if header.is_none() {
            fields.push(("client_id", &settings.client_id));
            fields.extend(secret.map(|secret| ("client_secret", secret)));
        }
        let tokens: Tokens =
            fetch.form(&document.token_endpoint, &fields, header).await.map_err(|fault| {
                Fault::new(
                    Code::Unauthenticated,
                    "the identity provider does not confirm this sign-in; begin again",
                )
                .with_source(fault)
            })?;
        let audience = [settings.client_id.clone()];
        let claims = issuer.verify(Some(fetch), &tokens.id_token, &audience).await?;
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        if text("nonce") != Some(&underway.nonce) {
            return Err(Fault::new(
                Code::Unauthenticated,
                "the identity token is of another sign-in (claim `nonce`)",
            ));
        }
        let several = claims.get("aud").and_then(Value::as_array).is_some_and(|list| list.len() > 1);
        if (several || claims.contains_key("azp")) && text("azp") != Some(&settings.client_id) {
            return Err(Fault::new(
                Code::Unauthenticated,
                "the identity token was given to somebody else (claim `azp`)",
            ));
        }
        Ok(claims)
    }

    /// The account of somebody: the linked one, one that is linked now, or a new one.
    async fn user_of(
        &self,
        settings: &SignInSettings,
        person: Person,
        invitation: Option<&str>,
    ) -> FaultResult<User> {
        let users = self.inner.store.users();
        let system = &self.inner.system;
        if let Some(user) = users.by_subject(system, &person.issuer, &person.sub).await? {
            return Ok(user);
        }
        let Some(email) = &person.email else {
            return Err(Fault::new(
                Code::PermissionDenied,
                "the identity provider gives no verified mail address, so no account can be found or made",
            ));
        };
        let domain = email.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
        let trusted = settings.allowed_domains.iter().any(|known| known.eq_ignore_ascii_case(domain));
        let subject = (person.issuer.clone(), person.sub.clone());
        match users.by_email(system, email).await? {
            // The provider speaks for the domain, so whoever it names has the address.
            Some((user, _)) if trusted && user.subject.is_none() => {
                let change = UserChange { subject: Some(subject.clone()), ..UserChange::default() };
                let after = User { subject: Some(subject), ..user.clone() };
                let mut told =
                    audit::changed(None, "user", &user.id, shown::user(&user), shown::user(&after));
                told.actor = Some(actor_of(&user));
                let user = about(told, users.update(system, &user.id, &change)).await?;
                self.inner.principals.forget();
                return Ok(user);
            }
            Some(_) => {
                return Err(Fault::new(
                    Code::PermissionDenied,
                    "an account with your address is there already and not linked with this identity; sign in to it \
                     in another way, or ask an administrator",
                ));
            }
            None => {}
        }
        let user = User {
            id: self.inner.ids.user(),
            email: email.clone(),
            name: person.name.clone(),
            superadmin: false,
            disabled: false,
            subject: Some(subject),
            created_at: self.inner.clock.now(),
        };
        if let Some(secret) = invitation {
            return self.accept_linked(secret, user).await;
        }
        if !trusted {
            return Err(Fault::new(
                Code::PermissionDenied,
                "there is no account for you here; ask for an invitation, and sign in through its link",
            ));
        }
        let mut told = audit::created(None, "user", &user.id, shown::user(&user));
        told.actor = Some(actor_of(&user));
        about(told, users.create(system, &user, None)).await?;
        if let Some((tenant, role)) = &settings.member_of {
            let membership = Membership {
                tenant: tenant.clone(),
                user: user.id.clone(),
                role: *role,
                created_at: user.created_at,
            };
            let mut told = audit::created(tenant, "member", &user.id, shown::membership(&membership));
            told.actor = Some(actor_of(&user));
            about(told, users.set_member(system, &membership)).await?;
        }
        Ok(user)
    }

    /// A new account by an invitation, which must be to the address that the provider confirms.
    async fn accept_linked(&self, secret: &str, mut user: User) -> FaultResult<User> {
        let (hash, invitation, to) = self.open_invitation(secret).await?;
        if to.email != user.email {
            return Err(Fault::new(
                Code::PermissionDenied,
                "this invitation is to another address than the one that your provider confirms",
            ));
        }
        user.superadmin = to.superadmin;
        let now = self.inner.clock.now();
        let membership = invitation.tenant.clone().zip(to.role).map(|(tenant, role)| Membership {
            tenant,
            user: user.id.clone(),
            role,
            created_at: now,
        });
        let accepted = Accepted { invitation: hash, user, password: None, membership };
        let mut after = shown::user(&accepted.user);
        after["member"] = accepted.membership.as_ref().map(shown::membership).unwrap_or_default();
        let mut told = audit::created(invitation.tenant.as_ref(), "user", &accepted.user.id, after);
        told.actor = Some(actor_of(&accepted.user));
        about(told, self.inner.store.users().accept(&self.inner.system, &accepted, now)).await
    }
}

/// Somebody who signs in acts for themselves.
fn actor_of(user: &User) -> nova_domain::audit::Actor {
    audit::actor(&Subject::User(user.id.clone()), &user.email, None)
}

/// A sign-in that failed, as the audit log tells it: with which provider.
fn tried(provider: &str) -> Change {
    let mut change = Change::of(Chain::Server, Resource::new("session", ""));
    change.after = Some(serde_json::json!({"by": provider}));
    change.actor = Some(nova_domain::audit::Actor::anonymous());
    change
}

fn person_of(issuer: &Issuer, settings: &SignInSettings, claims: &Map<String, Value>) -> FaultResult<Person> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty());
    let sub =
        text("sub").ok_or_else(|| Fault::new(Code::Unauthenticated, "the identity token names nobody"))?;
    let verified = match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(verified)) => verified == "true",
        Some(_) => false,
        None => !settings.require_verified_email,
    };
    let email = text("email").filter(|_| verified).and_then(|email| user::email(email).ok());
    let name = text("name").or(text("preferred_username")).unwrap_or_default();
    let name = name.chars().filter(|c| !c.is_control()).take(LABEL_MAX / 4).collect();
    Ok(Person { issuer: issuer.settings.issuer.clone(), sub: sub.to_owned(), email, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        assert_eq!(local_place(Some("/ui/#/functions")), "/ui/#/functions");
        for odd in [
            None,
            Some("https://evil.example/ui/"),
            Some("//evil.example/ui/"),
            Some("/ui"),
            Some("/ui/\\evil"),
            Some("/ui/\r\nx"),
            Some("/auth/sign-out"),
        ] {
            assert_eq!(local_place(odd), "/ui/", "{odd:?}");
        }
    }
}
