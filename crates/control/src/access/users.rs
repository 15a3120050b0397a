//! People: invited by link, or made by an administrator of the server.

use std::net::IpAddr;

use nova_domain::access::{
    Credential, CredentialKind, Grant, Invitation, MemberRole, Membership, PermissionSet, Principal, Subject,
    User, role, user,
};
use nova_domain::{Code, Digest, Fault, FaultResult, TenantName, UserId};
use nova_store::repo::{Accepted, Member, UserChange};
use nova_store::{Page, PageRequest};

use super::keys::after;
use super::secret::{Secret, hash, looks_like};
use super::{Access, Attempt, LABEL_MAX, check_text, password, refuse_more_than_own};
use crate::audit::{self, about, shown};

/// An invitation that was just made: the only time that its secret can be seen.
#[derive(Debug)]
pub struct Invited {
    pub invitation: Credential,
    pub to: Invitation,
    pub secret: String,
}

/// Somebody who accepts an invitation.
#[derive(Debug)]
pub struct Accepting {
    pub secret: String,
    pub name: String,
    /// A new password; for somebody who has an account already, theirs.
    pub password: String,
}

impl Access {
    /// Invites somebody into a tenant, or (`None`) only to the server.
    pub async fn invite(
        &self,
        caller: &Principal,
        tenant: Option<&TenantName>,
        to: Invitation,
    ) -> FaultResult<Invited> {
        let to = Invitation { email: user::email(&to.email)?, ..to };
        match (tenant, to.role) {
            (Some(tenant), Some(role)) => {
                self.tenant(tenant).await?;
                if !caller.covers(&Grant::whole(Some(tenant.clone()), role.permissions(), role.as_str())) {
                    return Err(refuse_more_than_own());
                }
            }
            (None, None) => {}
            _ => return Err(Fault::invalid("an invitation into a tenant has a role, and no other has")),
        }
        if to.superadmin && !caller.is_superadmin() {
            return Err(refuse_more_than_own());
        }
        let secret = Secret::new(CredentialKind::Invitation)?;
        let now = self.inner.clock.now();
        let id = self.inner.ids.credential();
        let invitation = Credential {
            kind: CredentialKind::Invitation,
            tenant: tenant.cloned(),
            // It lets nobody act; it has to name somebody, so it names itself.
            owner: Subject::Key(id.clone()),
            id,
            name: to.email.clone(),
            prefix: secret.prefix,
            created_at: now,
            expires_at: Some(after(now, self.inner.settings.invitation)),
            last_used_at: None,
            note: serde_json::to_value(&to)
                .map_err(|error| Fault::internal("an invitation's note").with_source(error))?,
        };
        let told = audit::created(tenant, "invitation", &invitation.id, shown::invitation(&to));
        let credentials = self.inner.store.credentials();
        about(told, credentials.create(&self.inner.system, &invitation, &secret.hash, &[])).await?;
        Ok(Invited { invitation, to, secret: secret.text })
    }

    /// Invitations of a tenant, or of the server, that were not accepted yet.
    pub async fn invitations(
        &self,
        tenant: Option<&TenantName>,
        page: &PageRequest,
    ) -> FaultResult<Page<(Credential, Invitation)>> {
        let kind = CredentialKind::Invitation;
        let found = self.inner.store.credentials().list(&self.inner.system, tenant, kind, page).await?;
        let items = found
            .items
            .into_iter()
            .map(|item| Ok((item.clone(), note_of(&item)?)))
            .collect::<FaultResult<_>>()?;
        Ok(Page { items, next_cursor: found.next_cursor })
    }

    /// Takes an invitation back.
    pub async fn withdraw(
        &self,
        tenant: Option<&TenantName>,
        id: &nova_domain::CredentialId,
    ) -> FaultResult<()> {
        let missing = || Fault::not_found("invitation", id);
        let found = match self.inner.store.credentials().get(&self.inner.system, id).await {
            Err(fault) if fault.code() == Code::NotFound => return Err(missing()),
            other => other?,
        };
        if found.kind != CredentialKind::Invitation || found.tenant.as_ref() != tenant {
            return Err(missing());
        }
        let told = audit::deleted(tenant, "invitation", id, shown::invitation(&note_of(&found)?));
        about(told, self.inner.store.credentials().delete(&self.inner.system, id)).await
    }

    /// Uses up an invitation: makes the account if there is none, and the membership. For an account
    /// that is there already its password must be right: the link alone opens nobody's account.
    pub async fn accept(&self, accepting: Accepting, address: Option<IpAddr>) -> FaultResult<User> {
        if let Some(address) = address {
            self.inner.attempts.count(Attempt::from(address))?;
        }
        check_text("name", &accepting.name, LABEL_MAX)?;
        let (hash, invitation, to) = self.open_invitation(&accepting.secret).await?;
        let now = self.inner.clock.now();
        let known = self.inner.store.users().by_email(&self.inner.system, &to.email).await?;
        let (user, new_password) = match known {
            Some(_) => (self.check_password(&to.email, accepting.password).await?, None),
            None => {
                password::check(&accepting.password)?;
                let user = User {
                    id: self.inner.ids.user(),
                    email: to.email.clone(),
                    name: accepting.name,
                    superadmin: to.superadmin,
                    disabled: false,
                    subject: None,
                    created_at: now,
                };
                (user, Some(password::hash(accepting.password).await?))
            }
        };
        let membership = invitation.tenant.clone().zip(to.role).map(|(tenant, role)| Membership {
            tenant,
            user: user.id.clone(),
            role,
            created_at: now,
        });
        let accepted = Accepted { invitation: hash, user, password: new_password, membership };
        let mut after = shown::user(&accepted.user);
        after["member"] = accepted.membership.as_ref().map(shown::membership).unwrap_or_default();
        let mut told = audit::created(invitation.tenant.as_ref(), "user", &accepted.user.id, after);
        told.actor = Some(audit::actor(&Subject::User(accepted.user.id.clone()), &to.email, None));
        let user = about(told, self.inner.store.users().accept(&self.inner.system, &accepted, now)).await?;
        self.inner.principals.forget();
        Ok(user)
    }

    /// The invitation of that secret, if it can still be accepted.
    pub(super) async fn open_invitation(
        &self,
        secret: &str,
    ) -> FaultResult<(Digest, Credential, Invitation)> {
        let gone = || {
            Fault::new(
                Code::NotFound,
                "this invitation does not exist, was used or is too old; ask for a new one",
            )
        };
        if !looks_like(CredentialKind::Invitation, secret) {
            return Err(gone());
        }
        let hash = hash(secret);
        let found = self.inner.store.credentials().by_hash(&self.inner.system, &hash).await?;
        let now = self.inner.clock.now();
        let invitation = found
            .filter(|found| found.kind == CredentialKind::Invitation && !found.is_expired(now))
            .ok_or_else(gone)?;
        let to = note_of(&invitation)?;
        Ok((hash, invitation, to))
    }

    /// Every user of the server.
    pub async fn users(&self, page: &PageRequest) -> FaultResult<Page<User>> {
        self.inner.store.users().list(&self.inner.system, page).await
    }

    /// That user.
    pub async fn user(&self, id: &UserId) -> FaultResult<User> {
        self.inner.store.users().get(&self.inner.system, id).await
    }

    /// Changes a user; only an administrator of the server makes another one.
    pub async fn change_user(
        &self,
        caller: &Principal,
        id: &UserId,
        name: Option<String>,
        superadmin: Option<bool>,
        disabled: Option<bool>,
    ) -> FaultResult<User> {
        if let Some(name) = &name {
            check_text("name", name, LABEL_MAX)?;
        }
        let before = self.user(id).await?;
        if (superadmin.is_some() || before.superadmin) && !caller.is_superadmin() {
            return Err(refuse_more_than_own());
        }
        let change = UserChange { name, superadmin, disabled, ..UserChange::default() };
        let after = User {
            name: change.name.clone().unwrap_or_else(|| before.name.clone()),
            superadmin: change.superadmin.unwrap_or(before.superadmin),
            disabled: change.disabled.unwrap_or(before.disabled),
            ..before.clone()
        };
        let told = audit::changed(None, "user", id, shown::user(&before), shown::user(&after));
        let user = about(told, self.inner.store.users().update(&self.inner.system, id, &change)).await?;
        self.inner.principals.forget();
        Ok(user)
    }

    /// Changes the caller's own password, and ends their other sessions.
    pub async fn change_password(&self, caller: &Principal, old: String, new: String) -> FaultResult<()> {
        let Subject::User(id) = &caller.subject else {
            return Err(Fault::invalid("only a user has a password"));
        };
        password::check(&new)?;
        let user = self.user(id).await?;
        self.check_password(&user.email, old).await?;
        let change = UserChange { password: Some(password::hash(new).await?), ..UserChange::default() };
        let mut told = audit::changed(None, "user", id, shown::user(&user), shown::user(&user));
        told.changed = vec!["password".to_owned()];
        about(told, self.inner.store.users().update(&self.inner.system, id, &change)).await?;
        let (credentials, keep) = (self.inner.store.credentials(), caller.credential.as_ref());
        let told = audit::deleted(
            None,
            "session",
            "(all others)",
            serde_json::json!({"owner": caller.subject.to_string()}),
        );
        let end = credentials.delete_of(&self.inner.system, &caller.subject, CredentialKind::Session, keep);
        about(told, end).await?;
        self.inner.principals.forget();
        Ok(())
    }

    /// Deletes a user with everything that lets them act.
    pub async fn delete_user(&self, caller: &Principal, id: &UserId) -> FaultResult<()> {
        let user = self.user(id).await?;
        if user.superadmin && !caller.is_superadmin() {
            return Err(refuse_more_than_own());
        }
        let told = audit::deleted(None, "user", id, shown::user(&user));
        about(told, self.inner.store.users().delete(&self.inner.system, id)).await?;
        self.inner.principals.forget();
        Ok(())
    }

    /// Members of a tenant.
    pub async fn members(&self, tenant: &TenantName, page: &PageRequest) -> FaultResult<Page<Member>> {
        self.inner.store.users().members(&self.inner.system, tenant, page).await
    }

    /// Makes a user a member, or changes what the member is.
    pub async fn set_member(
        &self,
        caller: &Principal,
        tenant: &TenantName,
        id: &UserId,
        role: MemberRole,
    ) -> FaultResult<Membership> {
        let before = self.check_member_change(caller, tenant, id, role.permissions()).await?;
        let membership =
            Membership { tenant: tenant.clone(), user: id.clone(), role, created_at: self.inner.clock.now() };
        let after = shown::membership(&membership);
        let told = match before {
            Some(before) => audit::changed(tenant, "member", id, shown::membership(&before), after),
            None => audit::created(tenant, "member", id, after),
        };
        about(told, self.inner.store.users().set_member(&self.inner.system, &membership)).await?;
        self.inner.principals.forget();
        Ok(membership)
    }

    /// Ends a membership.
    pub async fn remove_member(
        &self,
        caller: &Principal,
        tenant: &TenantName,
        id: &UserId,
    ) -> FaultResult<()> {
        let before = self.check_member_change(caller, tenant, id, PermissionSet::EMPTY).await?;
        let told =
            audit::deleted(tenant, "member", id, before.as_ref().map(shown::membership).unwrap_or_default());
        about(told, self.inner.store.users().remove_member(&self.inner.system, tenant, id)).await?;
        self.inner.principals.forget();
        Ok(())
    }

    /// Nobody makes somebody more than they are, nor changes somebody who is more. An owner's
    /// place can be taken by an owner only, and not their own, so that a tenant keeps one. What the user
    /// is now is returned.
    async fn check_member_change(
        &self,
        caller: &Principal,
        tenant: &TenantName,
        id: &UserId,
        next: PermissionSet,
    ) -> FaultResult<Option<Membership>> {
        let now = self.inner.store.users().memberships(&self.inner.system, id).await?;
        let there = now.into_iter().find(|membership| membership.tenant == *tenant);
        let now = there.as_ref().map(|membership| membership.role);
        let before = now.map_or(PermissionSet::EMPTY, MemberRole::permissions);
        if !caller.covers(&Grant::whole(Some(tenant.clone()), before.with(next), role::BUILT_IN[0].0)) {
            return Err(refuse_more_than_own());
        }
        let own = caller.subject == Subject::User(id.clone());
        if own && now == Some(MemberRole::Owner) && next != role::OWNER && !caller.is_superadmin() {
            return Err(Fault::new(
                Code::Conflict,
                "you own this tenant; another owner must take your place first, or an administrator of the server",
            ));
        }
        Ok(there)
    }
}

fn note_of(invitation: &Credential) -> FaultResult<Invitation> {
    serde_json::from_value(invitation.note.clone())
        .map_err(|error| Fault::internal("an invitation's note").with_source(error))
}
