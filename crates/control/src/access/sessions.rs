//! Sign-in, sign-out, and the sessions between.

use std::net::IpAddr;
use std::sync::Arc;

use nova_domain::access::{Credential, CredentialKind, Principal, SessionNote, Subject, user};
use nova_domain::audit::{AuditOutcome, Chain, Change, Resource};
use nova_domain::{Code, CredentialId, Fault, FaultResult};
use nova_store::{Page, PageRequest};

use super::keys::after;
use super::secret::Secret;
use super::{Access, Attempt, password};
use crate::audit::{self, about, shown};

/// What somebody signs in with.
#[derive(Debug)]
pub enum SignIn {
    Key(String),
    Password { email: String, password: String },
}

/// A session that was just begun.
#[derive(Debug)]
pub struct Begun {
    pub session: Credential,
    pub principal: Arc<Principal>,
    /// What the cookie holds.
    pub secret: String,
}

impl Access {
    /// Begins a session. Attempts are counted for the address, and for the account that is tried.
    pub async fn sign_in(&self, with: SignIn, address: Option<IpAddr>, agent: &str) -> FaultResult<Begun> {
        if let Some(address) = address {
            self.inner.attempts.count(Attempt::from(address))?;
        }
        let mut note = SessionNote {
            address: address.map(|address| address.to_string()).unwrap_or_default(),
            agent: agent.chars().filter(|c| !c.is_control()).take(200).collect(),
            ..SessionNote::default()
        };
        let tried = tried(&with);
        let checked = match with {
            SignIn::Key(text) => self.by_key(&text).await.map(|principal| {
                note.by = "key".to_owned();
                note.key = principal.credential.clone();
                (principal.subject.clone(), principal.name.clone(), principal.expires_at)
            }),
            SignIn::Password { email, password } => {
                note.by = "password".to_owned();
                self.check_password(&email, password)
                    .await
                    .map(|user| (Subject::User(user.id), user.email, None))
            }
        };
        let result = if checked.is_ok() { "good" } else { "bad" };
        metrics::counter!("nova_sign_ins_total", "result" => result).increment(1);
        if let Err(fault) = &checked
            && fault.code() == Code::Unauthenticated
        {
            let failed = AuditOutcome::Failed;
            audit::note(&self.inner.store, Some(&tried), failed, fault.code()).await;
        }
        let (owner, name, end) = checked?;
        self.begin_session(owner, name, end, note).await
    }

    /// The user of that address, if this is the password.
    pub(super) async fn check_password(&self, email: &str, password: String) -> FaultResult<user::User> {
        let wrong = || Fault::new(Code::Unauthenticated, "address or password is not right");
        let email = user::email(email).map_err(|_| wrong())?;
        self.inner.attempts.count(Attempt::Account(email.clone()))?;
        let found = self.inner.store.users().by_email(&self.inner.system, &email).await?;
        let (user, stored) = match found {
            Some((user, stored)) => (Some(user), stored),
            None => (None, None),
        };
        let same = password::matches(password, stored).await?;
        match user {
            Some(user) if same && !user.disabled => Ok(user),
            _ => Err(wrong()),
        }
    }

    pub(super) async fn begin_session(
        &self,
        owner: Subject,
        name: String,
        end: Option<nova_domain::Timestamp>,
        note: SessionNote,
    ) -> FaultResult<Begun> {
        let secret = Secret::new(CredentialKind::Session)?;
        let now = self.inner.clock.now();
        let latest = after(now, self.inner.settings.session);
        // The narrower end counts: a session of a key ends with the key.
        let expires_at = Some(end.map_or(latest, |end| end.min(latest)));
        let session = Credential {
            id: self.inner.ids.credential(),
            kind: CredentialKind::Session,
            tenant: None,
            owner,
            name,
            prefix: secret.prefix,
            created_at: now,
            expires_at,
            last_used_at: Some(now),
            note: serde_json::to_value(&note)
                .map_err(|error| Fault::internal("a session's note").with_source(error))?,
        };
        let mut told = audit::created(None, "session", &session.id, shown::session(&session));
        told.actor = Some(audit::actor(&session.owner, &session.name, None));
        let credentials = self.inner.store.credentials();
        about(told, credentials.create(&self.inner.system, &session, &secret.hash, &[])).await?;
        let principal = self.by_session(&secret.text).await?;
        Ok(Begun { session, principal, secret: secret.text })
    }

    /// Ends the session that the caller shows.
    pub async fn sign_out(&self, caller: &Principal) -> FaultResult<()> {
        let Some(id) = &caller.credential else { return Ok(()) };
        let found = self.inner.store.credentials().get(&self.inner.system, id).await?;
        if found.kind == CredentialKind::Session {
            let told = audit::deleted(None, "session", id, shown::session(&found));
            about(told, self.inner.store.credentials().delete(&self.inner.system, id)).await?;
            self.inner.principals.forget();
        }
        Ok(())
    }

    /// Sessions of somebody.
    pub async fn sessions(&self, of: &Subject, page: &PageRequest) -> FaultResult<Page<Credential>> {
        self.inner.store.credentials().list_of(&self.inner.system, of, CredentialKind::Session, page).await
    }

    /// Ends one session of somebody.
    pub async fn end_session(&self, of: &Subject, id: &CredentialId) -> FaultResult<()> {
        let missing = || Fault::not_found("session", id);
        let found = match self.inner.store.credentials().get(&self.inner.system, id).await {
            Err(fault) if fault.code() == Code::NotFound => return Err(missing()),
            other => other?,
        };
        if found.kind != CredentialKind::Session || found.owner != *of {
            return Err(missing());
        }
        let told = audit::deleted(None, "session", id, shown::session(&found));
        about(told, self.inner.store.credentials().delete(&self.inner.system, id)).await?;
        self.inner.principals.forget();
        Ok(())
    }
}

/// A sign-in as the audit log tells it if it fails: which account was tried. What is no address is not
/// told: people type their password into the wrong field. Of a key nothing is told.
fn tried(with: &SignIn) -> Change {
    let name = match with {
        SignIn::Key(_) => String::new(),
        SignIn::Password { email, .. } => user::email(email).unwrap_or_else(|_| "(no address)".to_owned()),
    };
    let by = if matches!(with, SignIn::Key(_)) { "key" } else { "password" };
    let mut change = Change::of(Chain::Server, Resource::new("session", ""));
    change.after = Some(serde_json::json!({"by": by, "tried": name}));
    change.actor = Some(nova_domain::audit::Actor { name, ..nova_domain::audit::Actor::anonymous() });
    change
}
