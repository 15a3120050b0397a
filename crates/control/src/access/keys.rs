//! API keys.

use std::time::Duration;

use nova_domain::access::{
    Binding, CallerFunction, Credential, CredentialKind, Grant, KeyNote, Pattern, PermissionSet, Principal,
    Subject, role,
};
use nova_domain::{Code, CredentialId, Fault, FaultResult, RoleName, ServiceName, TenantName, Timestamp};
use nova_store::{Page, PageRequest};

use super::pairs::{Pair, pair_place};
use super::secret::Secret;
use super::{Access, LABEL_MAX, check_text, refuse_more_than_own};
use crate::audit::{self, about, shown};

/// Name of the key that the first start makes.
const ADMIN_KEY: &str = "admin";
/// Most roles of one key.
const ROLES_MAX: usize = 50;

/// A role and where it holds.
#[derive(Debug, Clone)]
pub struct RoleGrant {
    pub role: RoleName,
    pub namespaces: Pattern,
    pub resources: Pattern,
}

/// Whose a new key is.
#[derive(Debug, Clone)]
pub enum KeyOwner {
    /// It stands for itself and has the roles that are given to it.
    Itself,
    /// A service account of the tenant; roles narrow what that one may.
    Service(ServiceName),
    /// The caller, who must be a user; roles narrow what they may.
    Caller,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// `None`: a key of the server itself.
    pub tenant: Option<TenantName>,
    pub name: String,
    pub owner: KeyOwner,
    pub roles: Vec<RoleGrant>,
    pub lasts: Option<Duration>,
    /// A pair of access key id and secret, for clients that sign as AWS's do.
    pub pair: bool,
    /// The function whose calls are made with it.
    pub function: Option<CallerFunction>,
}

/// A key that was just made: the only time that its secret can be seen.
#[derive(Debug)]
pub struct MadeKey {
    pub key: Credential,
    pub roles: Vec<Binding>,
    /// The key, or the secret of a pair whose id is the key's prefix.
    pub secret: String,
}

impl Access {
    /// Makes a key. Nobody can give it more than they have themselves.
    pub async fn create_key(&self, caller: &Principal, new: NewKey) -> FaultResult<MadeKey> {
        check_text("name", &new.name, LABEL_MAX)?;
        if new.roles.len() > ROLES_MAX {
            return Err(Fault::invalid(format!("a key has at most {ROLES_MAX} roles")));
        }
        if let Some(tenant) = &new.tenant {
            self.tenant(tenant).await?;
        }
        let id = self.inner.ids.credential();
        let owner = match &new.owner {
            KeyOwner::Itself if new.roles.is_empty() => {
                return Err(Fault::invalid("a key needs a role; name one of them (`invoker`, `viewer` ..)")
                    .with_field("roles", "at least one"));
            }
            KeyOwner::Itself => Subject::Key(id.clone()),
            KeyOwner::Service(name) => {
                let tenant = new.tenant.as_ref().ok_or_else(|| {
                    Fault::invalid("a service account belongs to a tenant; a key of the server has none")
                })?;
                let account = self.inner.store.users().get_service(tenant, name).await?;
                let subject = Subject::Service(account.id);
                // Whoever holds the key can do all that the account can.
                if !self.bound(&subject).await?.iter().all(|grant| caller.covers(grant)) {
                    return Err(refuse_more_than_own());
                }
                subject
            }
            // A caller who is narrowed passes that on: a key without roles would be all they are.
            KeyOwner::Caller if caller.bounds.is_some() && new.roles.is_empty() => {
                return Err(refuse_more_than_own());
            }
            KeyOwner::Caller => match &caller.subject {
                Subject::User(_) => caller.subject.clone(),
                _ => {
                    return Err(Fault::invalid(
                        "only a user can make a key of their own; name roles instead",
                    ));
                }
            },
        };
        let now = self.inner.clock.now();
        let roles = self.bindings_of(&id, &new, now);
        for binding in &roles {
            let grant = self.grant_of_binding(binding).await?;
            let narrows = !matches!(new.owner, KeyOwner::Itself);
            if (!narrows || caller.bounds.is_some()) && !caller.covers(&grant) {
                return Err(refuse_more_than_own());
            }
        }
        let expires_at = new.lasts.map(|lasts| after(now, lasts));
        if let Some(function) = &new.function {
            self.check_function(&new, function).await?;
        }
        let note = KeyNote { pair: new.pair, function: new.function.clone() };
        let key = self.unsigned_key(id, &new, owner, expires_at, &note)?;
        if new.pair { self.store_pair(key, roles).await } else { self.store_key(key, roles).await }
    }

    fn bindings_of(&self, id: &CredentialId, new: &NewKey, now: Timestamp) -> Vec<Binding> {
        let bind = |grant: &RoleGrant| Binding {
            id: self.inner.ids.binding(),
            tenant: new.tenant.clone(),
            subject: Subject::Key(id.clone()),
            role: grant.role.clone(),
            namespaces: grant.namespaces.clone(),
            resources: grant.resources.clone(),
            created_at: now,
        };
        new.roles.iter().map(bind).collect()
    }

    /// What a binding would allow; `InvalidArgument` if there is no such role there.
    pub(super) async fn grant_of_binding(&self, binding: &Binding) -> FaultResult<Grant> {
        let unknown = || {
            Fault::invalid(format!("there is no role `{}` here", binding.role))
                .with_field("role", "a built-in role, or one of the tenant")
        };
        let name = binding.role.as_str();
        let custom = match (role::built_in(name), &binding.tenant) {
            (Some(_), Some(_)) if name == role::SUPERADMIN => return Err(unknown()),
            (Some(_), _) => None,
            (None, None) => return Err(unknown()),
            (None, Some(tenant)) => {
                let found = self.inner.store.roles().get(tenant, &binding.role).await;
                Some(found.map_err(|fault| if fault.code() == Code::NotFound { unknown() } else { fault })?)
            }
        };
        let custom = custom.map(|role| role.permissions);
        Ok(super::authenticate::grant_of(nova_store::repo::BoundRole { binding: binding.clone(), custom }))
    }

    /// A key of a function is of that function's tenant, and the function exists.
    async fn check_function(&self, new: &NewKey, function: &CallerFunction) -> FaultResult<()> {
        if new.tenant.as_ref() != Some(&function.scope.tenant) {
            return Err(Fault::invalid(
                "a key for a function belongs to a tenant; a key of the server has none",
            ));
        }
        self.inner.store.functions().get(&function.scope, &function.name).await.map(drop)
    }

    /// The key without what makes it one: prefix and hash.
    fn unsigned_key(
        &self,
        id: CredentialId,
        new: &NewKey,
        owner: Subject,
        expires_at: Option<Timestamp>,
        note: &KeyNote,
    ) -> FaultResult<Credential> {
        let note =
            serde_json::to_value(note).map_err(|error| Fault::internal("a key's note").with_source(error))?;
        Ok(Credential {
            id,
            kind: CredentialKind::Key,
            tenant: new.tenant.clone(),
            owner,
            name: new.name.clone(),
            prefix: String::new(),
            created_at: self.inner.clock.now(),
            expires_at,
            last_used_at: None,
            note,
        })
    }

    async fn store_key(&self, mut key: Credential, roles: Vec<Binding>) -> FaultResult<MadeKey> {
        let secret = Secret::new(CredentialKind::Key)?;
        key.prefix = secret.prefix;
        let told = audit::created(key.tenant.as_ref(), "key", &key.id, shown::key(&key, &roles));
        let credentials = self.inner.store.credentials();
        about(told, credentials.create(&self.inner.system, &key, &secret.hash, &roles)).await?;
        Ok(MadeKey { key, roles, secret: secret.text })
    }

    async fn store_pair(&self, mut key: Credential, roles: Vec<Binding>) -> FaultResult<MadeKey> {
        let vault = self.vault()?;
        let pair = Pair::new()?;
        key.prefix = pair.access_key_id;
        let hash = super::secret::hash(&key.prefix);
        let _sealing = vault.sealing().await;
        let sealed = vault.seal(&pair_place(&key.id), pair.secret.as_bytes())?;
        let told = audit::created(key.tenant.as_ref(), "key", &key.id, shown::key(&key, &roles));
        let credentials = self.inner.store.credentials();
        about(told, credentials.create_pair(&self.inner.system, &key, &hash, &roles, &sealed)).await?;
        Ok(MadeKey { key, roles, secret: pair.secret.to_string() })
    }

    /// Keys of a tenant, or (`None`) of the server.
    pub async fn keys(
        &self,
        tenant: Option<&TenantName>,
        page: &PageRequest,
    ) -> FaultResult<Page<Credential>> {
        self.inner.store.credentials().list(&self.inner.system, tenant, CredentialKind::Key, page).await
    }

    /// That key of a tenant (or of the server) with its roles.
    pub async fn key(
        &self,
        tenant: Option<&TenantName>,
        id: &CredentialId,
    ) -> FaultResult<(Credential, Vec<Binding>)> {
        let key = self.inner.store.credentials().get(&self.inner.system, id).await?;
        if key.kind != CredentialKind::Key || key.tenant.as_ref() != tenant {
            return Err(Fault::not_found("key", id));
        }
        let roles = self.inner.store.roles().roles_of(&self.inner.system, &Subject::Key(id.clone())).await?;
        Ok((key, roles.into_iter().map(|role| role.binding).collect()))
    }

    /// Ends a key at once.
    pub async fn revoke_key(&self, tenant: Option<&TenantName>, id: &CredentialId) -> FaultResult<()> {
        let (key, roles) = self.key(tenant, id).await?;
        let told = audit::deleted(tenant, "key", id, shown::key(&key, &roles));
        about(told, self.inner.store.credentials().delete(&self.inner.system, id)).await?;
        self.inner.principals.forget();
        Ok(())
    }

    /// Makes the first key of a server that has none and nobody who could make one.
    pub async fn first_key(&self) -> FaultResult<Option<MadeKey>> {
        if self.inner.store.credentials().any_server_key(&self.inner.system).await? {
            return Ok(None);
        }
        self.admin_key().await.map(Some)
    }

    /// Makes a new admin key and ends the ones of that name before it, for who lost theirs.
    pub async fn reset_admin_key(&self) -> FaultResult<MadeKey> {
        let made = self.admin_key().await?;
        let mut page = PageRequest::largest();
        loop {
            let found = self.keys(None, &page).await?;
            for old in found.items.iter().filter(|key| key.name == ADMIN_KEY && key.id != made.key.id) {
                let told = audit::deleted(None, "key", &old.id, shown::key(old, &[]));
                about(told, self.inner.store.credentials().delete(&self.inner.system, &old.id)).await?;
            }
            match found.next_cursor {
                Some(cursor) => page = page.after(cursor),
                None => break,
            }
        }
        self.inner.principals.forget();
        Ok(made)
    }

    async fn admin_key(&self) -> FaultResult<MadeKey> {
        let id = self.inner.ids.credential();
        let owner = Subject::Key(id.clone());
        let binding = Binding {
            id: self.inner.ids.binding(),
            tenant: None,
            subject: owner.clone(),
            role: RoleName::new(role::SUPERADMIN)?,
            namespaces: Pattern::All,
            resources: Pattern::All,
            created_at: self.inner.clock.now(),
        };
        debug_assert_eq!(role::built_in(role::SUPERADMIN), Some(PermissionSet::all()));
        let new = NewKey {
            tenant: None,
            name: ADMIN_KEY.to_owned(),
            owner: KeyOwner::Itself,
            roles: Vec::new(),
            lasts: None,
            pair: false,
            function: None,
        };
        let key = self.unsigned_key(id, &new, owner, None, &KeyNote::default())?;
        self.store_key(key, vec![binding]).await
    }
}

/// `lasts` after `now`.
pub(super) fn after(now: Timestamp, lasts: Duration) -> Timestamp {
    now.plus_micros(i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX))
}
