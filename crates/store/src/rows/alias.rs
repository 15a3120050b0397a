//! Columns of `aliases`.

use nova_domain::alias::{Alias, PastTarget, Split};
use nova_domain::rollout::Rollout;
use nova_domain::{AliasName, FunctionId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{checked, read_document, scope, to_u64};
use crate::error::StoreResult;

/// The part of an alias that no query looks into.
#[derive(Serialize, Deserialize)]
pub(crate) struct AliasData {
    description: String,
    split: Split,
    history: Vec<PastTarget>,
    rollout: Option<Rollout>,
}

impl AliasData {
    pub(crate) fn of(alias: &Alias) -> Self {
        Self {
            description: alias.description.clone(),
            split: alias.split.clone(),
            history: alias.history.clone(),
            rollout: alias.rollout.clone(),
        }
    }
}

/// When the alias's rollout is to be looked at.
pub(crate) fn due_at(alias: &Alias) -> Option<i64> {
    alias.rollout.as_ref().and_then(Rollout::due).map(Timestamp::as_micros)
}

/// Columns of `aliases`.
pub(crate) struct AliasRow {
    pub(crate) function_id: String,
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) namespace: String,
    pub(crate) data: String,
    pub(crate) revision: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl AliasRow {
    pub(crate) fn into_alias(self) -> StoreResult<Alias> {
        let data: AliasData = read_document("alias", &self.data)?;
        Ok(Alias {
            scope: scope(self.tenant, self.namespace)?,
            function: checked("function id", FunctionId::new(self.function_id))?,
            name: checked("alias", AliasName::new(self.name))?,
            description: data.description,
            split: data.split,
            history: data.history,
            rollout: data.rollout,
            revision: to_u64(self.revision),
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}
