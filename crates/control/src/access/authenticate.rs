//! From a secret to a principal.

use std::sync::Arc;

use nova_domain::access::{
    Binding, Credential, CredentialKind, Grant, KeyNote, Membership, PermissionSet, Principal, SessionNote,
    Subject, User, role,
};
use nova_domain::{Code, CredentialId, Digest, Fault, FaultResult, TenantName};
use nova_store::repo::BoundRole;

use super::{Access, secret};

impl Access {
    /// Whoever shows this key (`Authorization: Bearer`, `X-Api-Key`) or this token of an issuer.
    pub async fn by_bearer(&self, text: &str) -> FaultResult<Arc<Principal>> {
        if !secret::looks_like(CredentialKind::Key, text) && super::tokens::looks_like_token(text) {
            return self.by_token(secret::hash(text), text).await;
        }
        self.by_key(text).await
    }

    /// Whoever shows this key.
    pub async fn by_key(&self, text: &str) -> FaultResult<Arc<Principal>> {
        self.by_secret(CredentialKind::Key, text).await
    }

    /// Whoever shows this session (a cookie).
    pub async fn by_session(&self, text: &str) -> FaultResult<Arc<Principal>> {
        self.by_secret(CredentialKind::Session, text).await
    }

    async fn by_secret(&self, kind: CredentialKind, text: &str) -> FaultResult<Arc<Principal>> {
        if !secret::looks_like(kind, text) {
            return Err(refused(kind));
        }
        let hash = secret::hash(text);
        let now = self.inner.clock.now();
        let known = match self.inner.principals.get(&hash) {
            Some(known) => known,
            None => {
                let moment = self.inner.principals.moment();
                let principal = self.resolve(kind, &hash).await?;
                self.inner.principals.keep(hash, Arc::new(principal), None, moment)
            }
        };
        if known.principal.expires_at.is_some_and(|at| at <= now) {
            return Err(ended(kind));
        }
        self.inner.used.note(&known, now);
        Ok(known.principal.clone())
    }

    /// Asks the database.
    async fn resolve(&self, kind: CredentialKind, hash: &Digest) -> FaultResult<Principal> {
        let inner = &self.inner;
        let found = inner.store.credentials().by_hash(&inner.system, hash).await?;
        let credential = found.filter(|found| found.kind == kind).ok_or_else(|| refused(kind))?;
        if credential.is_expired(inner.clock.now()) {
            return Err(ended(kind));
        }
        self.principal_of(credential).await
    }

    /// What a credential lets its owner do.
    pub(super) async fn principal_of(&self, credential: Credential) -> FaultResult<Principal> {
        let narrowed_by = self.narrowing_key(&credential).await?;
        let function = match credential.kind {
            CredentialKind::Key => KeyNote::of(&credential).function,
            CredentialKind::Session | CredentialKind::Invitation => None,
        };
        let Credential { id, kind, tenant, owner, name, expires_at, .. } = credential;
        let (name, home, grants) = match &owner {
            Subject::User(user) => {
                let user = self.inner.store.users().get(&self.inner.system, user).await?;
                let Principal { name, home, grants, .. } = self.user_principal(user).await?;
                (name, home, grants)
            }
            Subject::Service(service) => {
                let users = self.inner.store.users();
                let account = users.service_by_id(&self.inner.system, service).await?;
                let account = account.ok_or_else(|| refused(kind))?;
                (account.name.to_string(), Some(account.tenant), self.bound(&owner).await?)
            }
            Subject::Key(_) => (name, tenant.clone(), self.bound(&owner).await?),
            Subject::Token(_) | Subject::Dev => {
                return Err(Fault::internal("a stored credential belongs to nobody"));
            }
        };
        let bounds = match narrowed_by {
            Some(key) => Some(self.bound(&Subject::Key(key)).await?).filter(|bounds| !bounds.is_empty()),
            None => None,
        };
        Ok(Principal {
            subject: owner,
            name,
            credential: Some(id),
            home,
            grants,
            bounds,
            expires_at,
            function,
        })
    }

    /// What a user may by memberships and roles.
    pub(super) async fn user_principal(&self, user: User) -> FaultResult<Principal> {
        if user.disabled {
            return Err(Fault::new(Code::Unauthenticated, "this account is disabled; ask an administrator"));
        }
        let memberships = self.inner.store.users().memberships(&self.inner.system, &user.id).await?;
        let home = match memberships.as_slice() {
            [only] => Some(only.tenant.clone()),
            _ => None,
        };
        let mut grants = memberships.iter().map(membership_grant).collect::<Vec<_>>();
        if user.superadmin {
            grants.push(Grant::whole(None, PermissionSet::all(), role::SUPERADMIN));
        }
        let subject = Subject::User(user.id);
        grants.extend(self.bound(&subject).await?);
        Ok(Principal {
            subject,
            name: user.email,
            credential: None,
            home,
            grants,
            bounds: None,
            expires_at: None,
            function: None,
        })
    }

    /// The key whose roles narrow what the owner may: a key of somebody can be narrower than
    /// they are (one that stands for itself is its own), and so is a session begun with it.
    async fn narrowing_key(&self, credential: &Credential) -> FaultResult<Option<CredentialId>> {
        let other = |id: &CredentialId| Subject::Key(id.clone()) != credential.owner;
        match credential.kind {
            CredentialKind::Key => Ok(Some(credential.id.clone()).filter(other)),
            CredentialKind::Invitation => Err(refused(credential.kind)),
            CredentialKind::Session => {
                let note: SessionNote = serde_json::from_value(credential.note.clone())
                    .map_err(|error| Fault::internal("a session's note").with_source(error))?;
                let Some(id) = note.key else { return Ok(None) };
                // The key's end is the session's end.
                let found = self.inner.store.credentials().get(&self.inner.system, &id).await;
                match found {
                    Ok(key) if !key.is_expired(self.inner.clock.now()) => Ok(Some(id).filter(other)),
                    Ok(_) => Err(ended(credential.kind)),
                    Err(fault) if fault.code() == Code::NotFound => Err(ended(credential.kind)),
                    Err(fault) => Err(fault),
                }
            }
        }
    }

    /// The grants of the roles that are bound to a subject.
    pub(super) async fn bound(&self, subject: &Subject) -> FaultResult<Vec<Grant>> {
        let roles = self.inner.store.roles().roles_of(&self.inner.system, subject).await?;
        Ok(roles.into_iter().map(grant_of).collect())
    }
}

fn membership_grant(membership: &Membership) -> Grant {
    let role = membership.role;
    Grant::whole(Some(membership.tenant.clone()), role.permissions(), role.as_str())
}

/// What a bound role allows; a role that does not exist (any more) allows nothing.
pub(super) fn grant_of(BoundRole { binding, custom }: BoundRole) -> Grant {
    let permissions = role_permissions(&binding, custom);
    Grant {
        tenant: binding.tenant,
        namespaces: binding.namespaces,
        resources: binding.resources,
        permissions,
        role: binding.role.as_str().into(),
    }
}

fn role_permissions(binding: &Binding, custom: Option<PermissionSet>) -> PermissionSet {
    let named = role::built_in(binding.role.as_str()).or(custom).unwrap_or(PermissionSet::EMPTY);
    match &binding.tenant {
        None => named,
        // Whatever is stored: nothing that is given within a tenant reaches beyond it.
        Some(TenantName { .. }) => named.without(PermissionSet::all().without(role::OWNER)),
    }
}

fn refused(kind: CredentialKind) -> Fault {
    let message = match kind {
        CredentialKind::Session => "this session has ended; sign in again",
        _ => "this key is not known here; it may be mistyped, revoked, or of another server",
    };
    Fault::new(Code::Unauthenticated, message)
}

fn ended(kind: CredentialKind) -> Fault {
    let message = match kind {
        CredentialKind::Session => "this session has ended; sign in again",
        _ => "this key has expired; make a new one",
    };
    Fault::new(Code::Unauthenticated, message)
}
