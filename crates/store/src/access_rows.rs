//! Stored columns of access to domain values and back; the same for both engines.

use nova_domain::access::role::PermissionList;
use nova_domain::access::{
    Binding, Credential, CredentialKind, MemberRole, Membership, Namespace, Pattern, PermissionSet, Role,
    ServiceAccount, Subject, Tenant, User,
};
use nova_domain::{
    BindingId, CredentialId, Fault, NamespaceName, RoleName, ServiceId, ServiceName, TenantName, Timestamp,
    UserId,
};

use crate::error::{StoreError, StoreResult};
use crate::repo::SealedValue;
use crate::rows::read_document;

/// What `tenant_id` holds for things of the server itself.
pub(crate) const SERVER: &str = "*";

/// The column for a tenant or the server.
pub(crate) fn tenant_column(tenant: Option<&TenantName>) -> &str {
    tenant.map_or(SERVER, TenantName::as_str)
}

fn checked<T>(what: &'static str, value: Result<T, Fault>) -> StoreResult<T> {
    value.map_err(|fault| StoreError::unreadable(what, fault))
}

fn tenant_of(text: String) -> StoreResult<Option<TenantName>> {
    if text == SERVER { Ok(None) } else { checked("tenant", TenantName::new(text)).map(Some) }
}

/// Columns `tenant_id, description, created_at`.
pub(crate) fn tenant((name, description, at): (String, String, i64)) -> StoreResult<Tenant> {
    let name = checked("tenant", TenantName::new(name))?;
    Ok(Tenant { name, description, created_at: Timestamp::from_micros(at) })
}

/// Columns `tenant_id, name, description, created_at`.
pub(crate) fn namespace(
    (tenant, name, description, at): (String, String, String, i64),
) -> StoreResult<Namespace> {
    Ok(Namespace {
        tenant: checked("tenant", TenantName::new(tenant))?,
        name: checked("namespace", NamespaceName::new(name))?,
        description,
        created_at: Timestamp::from_micros(at),
    })
}

/// Columns of `users` without the password.
pub(crate) struct UserRow {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) superadmin: bool,
    pub(crate) disabled: bool,
    pub(crate) issuer: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) created_at: i64,
}

impl UserRow {
    pub(crate) fn into_user(self) -> StoreResult<User> {
        Ok(User {
            id: checked("user id", UserId::new(self.id))?,
            email: self.email,
            name: self.name,
            superadmin: self.superadmin,
            disabled: self.disabled,
            subject: self.issuer.zip(self.subject),
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}

/// Columns `tenant_id, user_id, role, created_at`.
pub(crate) fn membership((tenant, user, role, at): (String, String, String, i64)) -> StoreResult<Membership> {
    Ok(Membership {
        tenant: checked("tenant", TenantName::new(tenant))?,
        user: checked("user id", UserId::new(user))?,
        role: checked("membership", MemberRole::parse(&role))?,
        created_at: Timestamp::from_micros(at),
    })
}

/// Columns `id, tenant_id, name, description, created_at`.
pub(crate) fn service(
    (id, tenant, name, description, at): (String, String, String, String, i64),
) -> StoreResult<ServiceAccount> {
    Ok(ServiceAccount {
        id: checked("service account id", ServiceId::new(id))?,
        tenant: checked("tenant", TenantName::new(tenant))?,
        name: checked("service account", ServiceName::new(name))?,
        description,
        created_at: Timestamp::from_micros(at),
    })
}

/// Columns of `credentials` without the hash.
pub(crate) struct CredentialRow {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) tenant: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) last_used_at: Option<i64>,
    pub(crate) note: String,
}

impl CredentialRow {
    pub(crate) fn into_credential(self) -> StoreResult<Credential> {
        let kind = CredentialKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == self.kind)
            .ok_or_else(|| StoreError::unreadable("credential kind", &self.kind))?;
        Ok(Credential {
            id: checked("credential id", CredentialId::new(self.id))?,
            kind,
            tenant: tenant_of(self.tenant)?,
            owner: checked("owner", Subject::parse(&self.owner))?,
            name: self.name,
            prefix: self.prefix,
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: self.expires_at.map(Timestamp::from_micros),
            last_used_at: self.last_used_at.map(Timestamp::from_micros),
            note: read_document("credential", &self.note)?,
        })
    }
}

/// Columns `credential_id, sealed, key_id`.
pub(crate) fn sealed_row((id, value): (String, SealedValue)) -> StoreResult<(CredentialId, SealedValue)> {
    Ok((checked("credential id", CredentialId::new(id))?, value))
}

pub(crate) fn sealed_cursor((id, _): &(CredentialId, SealedValue)) -> [String; 1] {
    [id.to_string()]
}

/// The permissions of a custom role as they are stored.
pub(crate) fn permissions(text: &str) -> StoreResult<PermissionSet> {
    Ok(read_document::<PermissionList>("role", text)?.known())
}

/// Columns `tenant_id, name, description, permissions, created_at`.
pub(crate) fn role(
    (tenant, name, description, list, at): (String, String, String, String, i64),
) -> StoreResult<Role> {
    Ok(Role {
        tenant: checked("tenant", TenantName::new(tenant))?,
        name: checked("role", RoleName::new(name))?,
        description,
        permissions: permissions(&list)?,
        created_at: Timestamp::from_micros(at),
    })
}

/// Columns of `bindings`.
pub(crate) struct BindingRow {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) subject: String,
    pub(crate) role: String,
    pub(crate) namespaces: String,
    pub(crate) resources: String,
    pub(crate) created_at: i64,
}

impl BindingRow {
    pub(crate) fn into_binding(self) -> StoreResult<Binding> {
        Ok(Binding {
            id: checked("binding id", BindingId::new(self.id))?,
            tenant: tenant_of(self.tenant)?,
            subject: checked("subject", Subject::parse(&self.subject))?,
            role: checked("role", RoleName::new(self.role))?,
            namespaces: checked("pattern", Pattern::parse(&self.namespaces))?,
            resources: checked("pattern", Pattern::parse(&self.resources))?,
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}
