//! Custom roles, roles given to somebody, and service accounts.

use nova_domain::access::role::BUILT_IN;
use nova_domain::access::{Binding, Grant, PermissionSet, Principal, Role, ServiceAccount, Subject};
use nova_domain::{BindingId, Code, Fault, FaultResult, RoleName, ServiceName, TenantName};
use nova_store::{Page, PageRequest};

use super::keys::RoleGrant;
use super::{Access, DESCRIPTION_MAX, check_text, refuse_more_than_own};
use crate::audit::{self, about, shown};

impl Access {
    /// Makes a role of a tenant. Nobody can put more in it than they have.
    pub async fn create_role(
        &self,
        caller: &Principal,
        tenant: &TenantName,
        name: RoleName,
        description: String,
        permissions: PermissionSet,
    ) -> FaultResult<Role> {
        let role = self.checked_role(caller, tenant, name, description, permissions)?;
        let told = audit::created(tenant, "role", &role.name, shown::role(&role));
        about(told, self.inner.store.roles().create(&role)).await?;
        Ok(role)
    }

    /// Changes a role of a tenant; whoever has it has the new one at once.
    pub async fn change_role(
        &self,
        caller: &Principal,
        tenant: &TenantName,
        name: RoleName,
        description: String,
        permissions: PermissionSet,
    ) -> FaultResult<Role> {
        let before = self.role(tenant, &name).await?;
        let changed = self.checked_role(caller, tenant, name, description, permissions)?;
        let told = audit::changed(tenant, "role", &changed.name, shown::role(&before), shown::role(&changed));
        about(told, self.inner.store.roles().update(&changed)).await?;
        self.inner.principals.forget();
        Ok(Role { created_at: before.created_at, ..changed })
    }

    fn checked_role(
        &self,
        caller: &Principal,
        tenant: &TenantName,
        name: RoleName,
        description: String,
        permissions: PermissionSet,
    ) -> FaultResult<Role> {
        check_text("description", &description, DESCRIPTION_MAX)?;
        let created_at = self.inner.clock.now();
        let role = Role { tenant: tenant.clone(), name, description, permissions, created_at };
        role.check()?;
        if !caller.covers(&Grant::whole(Some(tenant.clone()), permissions, role.name.as_str())) {
            return Err(refuse_more_than_own());
        }
        Ok(role)
    }

    /// That role of a tenant.
    pub async fn role(&self, tenant: &TenantName, name: &RoleName) -> FaultResult<Role> {
        self.inner.store.roles().get(tenant, name).await
    }

    /// Roles that a tenant made, sorted by name.
    pub async fn roles(&self, tenant: &TenantName, page: &PageRequest) -> FaultResult<Page<Role>> {
        self.inner.store.roles().list(tenant, page).await
    }

    /// The roles that every tenant has: name, permissions, what it is for.
    pub fn built_in_roles(&self) -> &'static [(&'static str, PermissionSet, &'static str)] {
        BUILT_IN
    }

    /// Deletes a role that nobody has.
    pub async fn delete_role(&self, tenant: &TenantName, name: &RoleName) -> FaultResult<()> {
        let role = self.role(tenant, name).await?;
        let told = audit::deleted(tenant, "role", name, shown::role(&role));
        about(told, self.inner.store.roles().delete(tenant, name)).await
    }

    /// Gives a role to somebody. Nobody can give more than they have themselves.
    pub async fn bind(
        &self,
        caller: &Principal,
        tenant: Option<&TenantName>,
        subject: Subject,
        given: RoleGrant,
    ) -> FaultResult<Binding> {
        if let Some(tenant) = tenant {
            self.tenant(tenant).await?;
        }
        self.check_subject(tenant, &subject).await?;
        let binding = Binding {
            id: self.inner.ids.binding(),
            tenant: tenant.cloned(),
            subject,
            role: given.role,
            namespaces: given.namespaces,
            resources: given.resources,
            created_at: self.inner.clock.now(),
        };
        if !caller.covers(&self.grant_of_binding(&binding).await?) {
            return Err(refuse_more_than_own());
        }
        let told = audit::created(tenant, "binding", &binding.id, shown::binding(&binding));
        about(told, self.inner.store.roles().bind(&self.inner.system, &binding)).await?;
        self.inner.principals.forget();
        Ok(binding)
    }

    /// Whether a tenant may give roles to this subject: its own service accounts and keys, and
    /// its members. The same words whether the subject is elsewhere or nowhere.
    async fn check_subject(&self, tenant: Option<&TenantName>, subject: &Subject) -> FaultResult<()> {
        let inner = &self.inner;
        let there = match subject {
            Subject::User(id) => match tenant {
                None => inner.store.users().get(&inner.system, id).await.map(|_| true),
                Some(tenant) => {
                    let all = inner.store.users().memberships(&inner.system, id).await;
                    all.map(|all| all.iter().any(|membership| membership.tenant == *tenant))
                }
            },
            Subject::Service(id) => {
                let found = inner.store.users().service_by_id(&inner.system, id).await;
                found.map(|found| found.is_some_and(|found| Some(&found.tenant) == tenant))
            }
            Subject::Key(id) => {
                let found = inner.store.credentials().get(&inner.system, id).await;
                // Roles of a key of somebody narrow it; to add one there would widen.
                found.map(|key| key.tenant.as_ref() == tenant && key.owner == *subject)
            }
            Subject::Token(_) | Subject::Dev => Ok(false),
        };
        match there {
            Ok(true) => Ok(()),
            Err(fault) if fault.code() != Code::NotFound => Err(fault),
            _ => Err(Fault::invalid(format!("there is no `{subject}` here that a role can be given to"))
                .with_field("subject", "a member, a service account, or a key that stands for itself")),
        }
    }

    /// Roles given in a tenant, or (`None`) over the server.
    pub async fn bindings(
        &self,
        tenant: Option<&TenantName>,
        page: &PageRequest,
    ) -> FaultResult<Page<Binding>> {
        self.inner.store.roles().bindings(&self.inner.system, tenant, page).await
    }

    /// Takes a role away again. The last role of a key of somebody stays: without one the key
    /// would not be narrowed any more.
    pub async fn unbind(&self, tenant: Option<&TenantName>, id: &BindingId) -> FaultResult<()> {
        let store = &self.inner.store;
        let mut page = PageRequest::largest();
        let binding = loop {
            let found = store.roles().bindings(&self.inner.system, tenant, &page).await?;
            if let Some(binding) = found.items.into_iter().find(|binding| binding.id == *id) {
                break binding;
            }
            match found.next_cursor {
                Some(cursor) => page = page.after(cursor),
                None => return Err(Fault::not_found("binding", id)),
            }
        };
        if let Subject::Key(key) = &binding.subject {
            let key = store.credentials().get(&self.inner.system, key).await?;
            if key.owner != binding.subject {
                return Err(Fault::new(
                    Code::Conflict,
                    "this role narrows a key of somebody; revoke the key and make another instead",
                ));
            }
        }
        let told = audit::deleted(tenant, "binding", id, shown::binding(&binding));
        about(told, store.roles().unbind(&self.inner.system, tenant, id)).await?;
        self.inner.principals.forget();
        Ok(())
    }

    /// Makes a service account.
    pub async fn create_service(
        &self,
        tenant: &TenantName,
        name: ServiceName,
        description: String,
    ) -> FaultResult<ServiceAccount> {
        check_text("description", &description, DESCRIPTION_MAX)?;
        let account = ServiceAccount {
            id: self.inner.ids.service(),
            tenant: tenant.clone(),
            name,
            description,
            created_at: self.inner.clock.now(),
        };
        let told = audit::created(tenant, "service_account", &account.name, shown::service(&account));
        about(told, self.inner.store.users().create_service(&account)).await?;
        Ok(account)
    }

    /// That service account of a tenant.
    pub async fn service(&self, tenant: &TenantName, name: &ServiceName) -> FaultResult<ServiceAccount> {
        self.inner.store.users().get_service(tenant, name).await
    }

    /// Service accounts of a tenant, sorted by name.
    pub async fn services(
        &self,
        tenant: &TenantName,
        page: &PageRequest,
    ) -> FaultResult<Page<ServiceAccount>> {
        self.inner.store.users().list_services(tenant, page).await
    }

    /// Deletes a service account; its keys end at once.
    pub async fn delete_service(&self, tenant: &TenantName, name: &ServiceName) -> FaultResult<()> {
        let account = self.service(tenant, name).await?;
        let told = audit::deleted(tenant, "service_account", name, shown::service(&account));
        about(told, self.inner.store.users().delete_service(tenant, name)).await?;
        self.inner.principals.forget();
        Ok(())
    }
}
