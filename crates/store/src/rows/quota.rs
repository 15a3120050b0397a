//! Columns of quotas.

use nova_domain::quota::{Quota, QuotaKind};
use nova_domain::{NamespaceName, TenantName, Timestamp};

use super::{checked, to_u32, to_u64};
use crate::error::StoreResult;

/// Columns of `quotas`, in the order of the table.
pub(crate) type QuotaRow = (String, String, String, Option<i64>, Option<i64>, i64, i64);

pub(crate) fn quota((tenant, namespace, kind, hard, soft, window, updated): QuotaRow) -> StoreResult<Quota> {
    let namespace = (!namespace.is_empty()).then(|| NamespaceName::new(namespace)).transpose();
    Ok(Quota {
        tenant: checked("quota", TenantName::new(tenant))?,
        namespace: checked("quota", namespace)?,
        kind: checked("quota", QuotaKind::parse(&kind))?,
        hard: hard.map(to_u64),
        soft: soft.map(to_u64),
        window_s: to_u32("quota", window)?,
        updated_at: Timestamp::from_micros(updated),
    })
}

/// How the namespace of a quota is stored.
pub(crate) fn place(namespace: Option<&NamespaceName>) -> &str {
    namespace.map_or("", NamespaceName::as_str)
}

/// Where a page of quotas ends.
pub(crate) fn quota_cursor(item: &Quota) -> [String; 3] {
    [item.tenant.to_string(), place(item.namespace.as_ref()).to_owned(), item.kind.as_str().to_owned()]
}
