//! Aliases of functions, with their rollouts.

use async_trait::async_trait;
use nova_domain::alias::{ALIASES_PER_FUNCTION, Alias};
use nova_domain::{AliasName, Code, Fault, FaultResult, FunctionId, Scope, Timestamp};

use crate::System;
use crate::page::{Page, PageRequest};

/// Aliases of the functions of a namespace.
#[async_trait]
pub trait Aliases: Send + Sync {
    /// Stores a new one. `AlreadyExists` if the name is taken, `ResourceExhausted` if the function has
    /// [`ALIASES_PER_FUNCTION`] already, `NotFound` if the function is gone.
    async fn create(&self, alias: &Alias) -> FaultResult<()>;

    /// That alias, or `NotFound`.
    async fn get(&self, scope: &Scope, function: &FunctionId, name: &AliasName) -> FaultResult<Alias>;

    /// Aliases of a function, sorted by name.
    async fn list(
        &self,
        scope: &Scope,
        function: &FunctionId,
        page: &PageRequest,
    ) -> FaultResult<Page<Alias>>;

    /// Stores the new state of an alias. `alias.revision` is the revision that was read; what is stored
    /// and returned has one more. `Conflict` if the stored revision is another, `NotFound` if it is gone.
    async fn update(&self, alias: &Alias) -> FaultResult<Alias>;

    /// Deletes it, if its revision is still that one. `NotFound` if there is none.
    async fn delete(&self, alias: &Alias) -> FaultResult<()>;

    /// Aliases of all scopes with a running rollout that is due, the longest due first; at most `limit`.
    async fn due(&self, system: &System, now: Timestamp, limit: u32) -> FaultResult<Vec<Alias>>;
}

pub(crate) fn no_such_alias(name: &AliasName) -> Fault {
    Fault::not_found("alias", name)
}

pub(crate) fn alias_taken(name: &AliasName) -> Fault {
    Fault::new(
        Code::AlreadyExists,
        format!("the function has an alias called `{name}` already; change that one"),
    )
}

pub(crate) fn alias_changed(name: &AliasName) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("alias `{name}` was changed by somebody else meanwhile; read it again and repeat the change"),
    )
}

pub(crate) fn too_many_aliases() -> Fault {
    Fault::new(
        Code::ResourceExhausted,
        format!("the function has {ALIASES_PER_FUNCTION} aliases, which is the limit; delete one first"),
    )
}
