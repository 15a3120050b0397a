//! Tenants and namespaces.

use nova_domain::access::{Namespace, Permission, Principal, Target, Tenant};
use nova_domain::{Code, Fault, FaultResult, NamespaceName, Scope, TenantName};
use nova_store::{Page, PageRequest};

use super::{Access, DESCRIPTION_MAX, check_text};
use crate::audit::{self, about, shown};

/// Jobs or runs that are deleted in one go.
const FORGET_AT_ONCE: u32 = 5_000;

impl Access {
    /// Makes a tenant with its namespace `default`.
    pub async fn create_tenant(&self, name: TenantName, description: String) -> FaultResult<Tenant> {
        check_text("description", &description, DESCRIPTION_MAX)?;
        let tenant = Tenant { name, description, created_at: self.inner.clock.now() };
        // In the log of the server: that of the tenant is for those who are in it.
        let told = audit::created(None, "tenant", &tenant.name, shown::tenant(&tenant));
        about(told, self.inner.store.tenants().create(&self.inner.system, &tenant)).await?;
        // What a crash left of a tenant that was called so before is not for the members of this one.
        self.forget(&tenant.name, None).await?;
        Ok(tenant)
    }

    /// That tenant.
    pub async fn tenant(&self, name: &TenantName) -> FaultResult<Tenant> {
        self.inner.store.tenants().get(name).await
    }

    /// The tenants that a caller may see, sorted by name.
    pub async fn tenants(&self, caller: &Principal, page: &PageRequest) -> FaultResult<Page<Tenant>> {
        if caller.allows(Permission::TenantRead, &Target::default()) {
            return self.inner.store.tenants().list(&self.inner.system, page).await;
        }
        let mut names: Vec<_> = caller.grants.iter().filter_map(|grant| grant.tenant.clone()).collect();
        names.sort();
        names.dedup();
        let mut items = Vec::new();
        for name in names.iter().filter(|name| caller.knows(name)) {
            match self.inner.store.tenants().get(name).await {
                Ok(tenant) => items.push(tenant),
                Err(fault) if fault.code() == Code::NotFound => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(Page { items, next_cursor: None })
    }

    /// Deletes a tenant that has no functions.
    pub async fn delete_tenant(&self, name: &TenantName) -> FaultResult<()> {
        if *name == Scope::default_scope().tenant {
            return Err(keep_default("tenant"));
        }
        let tenant = self.tenant(name).await?;
        let told = audit::deleted(None, "tenant", name, shown::tenant(&tenant));
        about(told, self.inner.store.tenants().delete(&self.inner.system, name)).await?;
        self.inner.principals.forget();
        self.forget(name, None).await
    }

    /// Makes a namespace.
    pub async fn create_namespace(&self, scope: &Scope, description: String) -> FaultResult<Namespace> {
        check_text("description", &description, DESCRIPTION_MAX)?;
        let namespace = Namespace {
            tenant: scope.tenant.clone(),
            name: scope.namespace.clone(),
            description,
            created_at: self.inner.clock.now(),
        };
        let told = audit::created(&scope.tenant, "namespace", &scope.namespace, shown::namespace(&namespace));
        about(told, self.inner.store.tenants().create_namespace(&namespace)).await?;
        self.forget(&scope.tenant, Some(&scope.namespace)).await?;
        Ok(namespace)
    }

    /// That namespace.
    pub async fn namespace(&self, scope: &Scope) -> FaultResult<Namespace> {
        self.inner.store.tenants().get_namespace(scope).await
    }

    /// Namespaces of a tenant, sorted by name.
    pub async fn namespaces(&self, tenant: &TenantName, page: &PageRequest) -> FaultResult<Page<Namespace>> {
        self.inner.store.tenants().list_namespaces(tenant, page).await
    }

    /// Deletes a namespace that has no functions.
    pub async fn delete_namespace(&self, scope: &Scope) -> FaultResult<()> {
        if *scope == Scope::default_scope() {
            return Err(keep_default("namespace"));
        }
        let namespace = self.namespace(scope).await?;
        let told = audit::deleted(&scope.tenant, "namespace", &scope.namespace, shown::namespace(&namespace));
        about(told, self.inner.store.tenants().delete_namespace(scope)).await?;
        self.forget(&scope.tenant, Some(&scope.namespace)).await
    }

    /// Deletes the jobs and runs of a tenant or namespace that is gone, whose name may be given again.
    async fn forget(&self, tenant: &TenantName, namespace: Option<&NamespaceName>) -> FaultResult<()> {
        let (store, system) = (&self.inner.store, &self.inner.system);
        while store.jobs().forget(system, tenant, namespace, FORGET_AT_ONCE).await?
            == u64::from(FORGET_AT_ONCE)
        {}
        while store.runs().forget(system, tenant, namespace, FORGET_AT_ONCE).await?
            == u64::from(FORGET_AT_ONCE)
        {}
        Ok(())
    }

    /// Makes the tenant and the namespace if they are not there: with `--dev`, where whoever
    /// asks may do everything, a header is enough.
    pub async fn ensure_scope(&self, scope: &Scope) -> FaultResult<()> {
        match self.namespace(scope).await {
            Err(fault) if fault.code() == Code::NotFound => {}
            other => return other.map(drop),
        }
        let exists = |result: FaultResult<()>| match result {
            Err(fault) if fault.code() == Code::AlreadyExists => Ok(()),
            other => other,
        };
        exists(self.create_tenant(scope.tenant.clone(), String::new()).await.map(drop))?;
        exists(self.create_namespace(scope, String::new()).await.map(drop))
    }

    /// Names of the first namespaces of a tenant that a caller may use.
    pub async fn usable_namespaces(
        &self,
        caller: &Principal,
        tenant: &TenantName,
    ) -> FaultResult<Vec<NamespaceName>> {
        let page = self.namespaces(tenant, &PageRequest::new(100, None)?).await?;
        let reaches = |name: &NamespaceName| {
            let target = Target { tenant: Some(tenant), namespace: Some(name), resource: None };
            caller.grants.iter().any(|grant| {
                grant.tenant.as_ref().is_none_or(|ours| ours == tenant)
                    && grant.namespaces.matches(target.namespace.map(NamespaceName::as_str))
            })
        };
        Ok(page.items.into_iter().map(|namespace| namespace.name).filter(reaches).collect())
    }
}

fn keep_default(what: &str) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("the {what} `default` is what requests without a scope are about; it cannot be deleted"),
    )
}
