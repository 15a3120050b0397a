//! Aliases of a function, and rollouts.

use std::collections::BTreeMap;

use nova_domain::Timestamp;
use nova_domain::alias::{Alias, Split, Weights};
use nova_domain::rollout::{Rollout, RolloutStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::patch::Patch;
use crate::schema;

/// Body of `POST /functions/{name}/aliases`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAlias {
    /// A letter, then up to 63 letters, digits, `_` or `-`; not `active`, `latest` or a version number.
    pub name: String,
    /// The version that gets the calls that no weight gives to another.
    pub version: u32,
    /// Percent of the calls for further versions, by version number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Body of `PATCH /functions/{name}/aliases/{alias}`. A field that is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatchAlias {
    /// The version that gets the rest. Without `weights` it gets everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Percent of the calls for further versions; those that are not named get none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<BTreeMap<String, u32>>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, required = false)]
    pub description: Patch<String>,
}

/// Body of `POST /functions/{name}/aliases/{alias}/promote`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PromoteAlias {
    /// The version that gets everything; the only one besides the alias's own if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

/// Body of `POST /functions/{name}/aliases/{alias}/rollout`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRollout {
    /// The version that shall get all the calls.
    pub version: u32,
    /// Its weight at each step, percent: growing, with 100 at the end. Default 5, 25, 50, 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<u32>,
    /// How long each step holds at least, seconds: 1 to 604800, default 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_s: Option<u32>,
    /// Part of the version's calls that may fail, percent: 0 to 100, default 1. Over it the weights go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_error_percent: Option<f64>,
    /// Calls of the version that a step needs before it may end: 0 to 1000000, default 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_calls: Option<u32>,
}

/// A version and its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeightView {
    pub version: u32,
    /// Percent of the calls.
    pub weight: u32,
}

/// What an alias pointed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastTargetView {
    pub version: u32,
    pub weights: Vec<WeightView>,
    /// Until when.
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub until: Timestamp,
}

/// A name that points to versions of a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AliasView {
    pub name: String,
    pub function: String,
    /// The version that gets what no weight gives to another.
    pub version: u32,
    /// Every version with a weight, sorted by version; they sum up to 100.
    pub weights: Vec<WeightView>,
    pub description: String,
    /// What it pointed to before, the latest first; `rollback` goes back to the first of them.
    pub history: Vec<PastTargetView>,
    /// The last rollout, under way or over.
    pub rollout: Option<RolloutView>,
    /// Grows with every change; also the `ETag`.
    pub revision: u64,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub updated_at: Timestamp,
}

/// How far a rollout is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RolloutView {
    /// The version that gets the calls.
    pub version: u32,
    /// The version that has them before.
    pub from_version: u32,
    #[schema(schema_with = schema::rollout_status)]
    pub status: RolloutStatus,
    /// Weight at each step, percent.
    pub steps: Vec<u32>,
    /// Which step it is at, from 1.
    pub step: u32,
    /// The weight of that step, percent.
    pub weight: u32,
    pub interval_s: u32,
    pub max_error_percent: f64,
    pub min_calls: u32,
    /// Calls of the version that ended in this step, as they were counted last.
    pub calls: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// Why it stopped, or what it waits for; may be empty.
    pub note: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub started_at: Timestamp,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub step_began_at: Timestamp,
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub ended_at: Option<Timestamp>,
}

fn weights_of(weights: Weights) -> Vec<WeightView> {
    weights.into_iter().map(|(version, weight)| WeightView { version, weight }).collect()
}

impl AliasView {
    /// The alias of the function called `function`.
    pub fn new(function: &str, alias: Alias) -> Self {
        let past = |(split, until): (Split, Timestamp)| PastTargetView {
            version: split.main(),
            weights: weights_of(split.weights()),
            until,
        };
        Self {
            name: alias.name.into(),
            function: function.to_owned(),
            version: alias.split.main(),
            weights: weights_of(alias.split.weights()),
            description: alias.description,
            history: alias.history.into_iter().map(|one| past((one.split, one.until))).collect(),
            rollout: alias.rollout.map(RolloutView::from),
            revision: alias.revision,
            created_at: alias.created_at,
            updated_at: alias.updated_at,
        }
    }
}

impl From<Rollout> for RolloutView {
    fn from(rollout: Rollout) -> Self {
        Self {
            version: rollout.plan.version,
            from_version: rollout.before.main(),
            status: rollout.status,
            step: rollout.step + 1,
            weight: rollout.weight(),
            interval_s: rollout.plan.interval_s,
            max_error_percent: f64::from(rollout.plan.max_errors) / 100.0,
            min_calls: rollout.plan.min_calls,
            calls: rollout.seen.calls,
            errors: rollout.seen.errors,
            note: rollout.note,
            started_at: rollout.started_at,
            step_began_at: rollout.step_began_at,
            ended_at: rollout.ended_at,
            steps: rollout.plan.steps,
        }
    }
}
