//! Functions with their versions.

use async_trait::async_trait;
use nova_domain::access::Names;
use nova_domain::call::Qualifier;
use nova_domain::function::Function;
use nova_domain::runtime::Runtime;
use nova_domain::version::Version;
use nova_domain::{Fault, FaultResult, FunctionId, FunctionName, Scope};

use crate::System;
use crate::page::{Page, PageRequest};

/// A function and one of its versions, read together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionWithVersion {
    pub function: Function,
    /// The version asked for; the active one in lists.
    pub version: Version,
}

/// Which functions of a namespace are wanted. The default is all.
#[derive(Debug, Clone, Default)]
pub struct FunctionFilter {
    /// Text that the name, the description or a tag holds, in any case. At most 200 bytes.
    pub search: Option<String>,
    /// Runtime of the active version.
    pub runtime: Option<Runtime>,
    /// Only those that are called so.
    pub names: Names,
}

/// What a delete took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedFunction {
    pub function: Function,
    /// Numbers of its versions, ascending.
    pub versions: Vec<u32>,
}

/// Functions of a namespace; a name is unique within it.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Stores a new function and its first version in one transaction. `AlreadyExists`
    /// if the name is taken.
    async fn create(&self, scope: &Scope, function: &Function, first: &Version) -> FaultResult<()>;

    /// The function of that name, or `NotFound`.
    async fn get(&self, scope: &Scope, name: &FunctionName) -> FaultResult<Function>;

    /// The function of that id, or `NotFound`.
    async fn get_by_id(&self, scope: &Scope, id: &FunctionId) -> FaultResult<Function>;

    /// The function of that name and the version that `qualifier` means, in one query.
    /// `NotFound` tells which of the two is missing. Not for an alias, which is resolved before.
    async fn get_with_version(
        &self,
        scope: &Scope,
        name: &FunctionName,
        qualifier: &Qualifier,
    ) -> FaultResult<FunctionWithVersion>;

    /// Functions sorted by name, each with its active version (build output left out).
    async fn list(
        &self,
        scope: &Scope,
        filter: &FunctionFilter,
        page: &PageRequest,
    ) -> FaultResult<Page<FunctionWithVersion>>;

    /// Stores the new state of a function, and a new version with it if given, in one
    /// transaction. `function.revision` is the revision that was read; what is stored and
    /// returned has one more. The name may change.
    ///
    /// `Conflict` if the stored revision is another, if `version.number` is not one above
    /// the highest, or if `latest_version` or `active_version` do not fit the versions there
    /// are; `NotFound` if the function is gone; `AlreadyExists` if the new name is taken.
    async fn update(
        &self,
        scope: &Scope,
        function: &Function,
        version: Option<&Version>,
    ) -> FaultResult<Function>;

    /// Deletes a function with its versions (not its runs). `NotFound` if there is none.
    async fn delete(&self, scope: &Scope, name: &FunctionName) -> FaultResult<DeletedFunction>;

    /// Functions of all scopes with `min_replicas` above zero, with their active version,
    /// sorted by id.
    async fn always_on(&self, system: &System, page: &PageRequest) -> FaultResult<Page<FunctionWithVersion>>;
}

/// Longest search text, bytes.
pub(crate) const SEARCH_MAX: usize = 200;

/// What a search looks in: lower-cased here, because the engines differ in how they fold case.
pub(crate) fn search_text(function: &Function) -> String {
    let mut text = function.name.as_str().to_owned();
    text.push('\n');
    text.push_str(&function.description);
    for (key, value) in &function.tags {
        text.push('\n');
        text.push_str(key);
        text.push('=');
        text.push_str(value);
    }
    text.to_lowercase().replace('\0', "\u{fffd}")
}

/// The lower-cased search text, empty for none.
pub(crate) fn search_needle(search: Option<&str>) -> Result<String, Fault> {
    let needle = search.unwrap_or_default();
    if needle.len() > SEARCH_MAX {
        return Err(Fault::invalid(format!("the search text is longer than {SEARCH_MAX} bytes"))
            .with_field("search", format!("at most {SEARCH_MAX} bytes")));
    }
    Ok(needle.to_lowercase().replace('\0', "\u{fffd}"))
}

/// Checks that a new function and its first version belong together.
pub(crate) fn check_create(scope: &Scope, function: &Function, first: &Version) -> Result<(), Fault> {
    let fits = function.scope == *scope
        && first.function_id == function.id
        && first.number == 1
        && function.active_version == 1
        && function.latest_version == 1;
    if fits {
        Ok(())
    } else {
        Err(Fault::internal("create: function, version 1 and scope do not fit together"))
    }
}

/// Checks what of an update can be seen without the database.
pub(crate) fn check_update(
    scope: &Scope,
    function: &Function,
    version: Option<&Version>,
) -> Result<(), Fault> {
    if function.scope != *scope {
        return Err(Fault::internal("update: the function belongs to another scope"));
    }
    if let Some(version) = version
        && (version.function_id != function.id || version.number != function.latest_version)
    {
        return Err(Fault::internal("update: the version is not the function's latest"));
    }
    if function.active_version == 0 || function.active_version > function.latest_version {
        return Err(no_such_version(function.name.as_str(), function.active_version));
    }
    Ok(())
}

pub(crate) fn no_such_function(name: impl std::fmt::Display) -> Fault {
    Fault::not_found("function", name)
}

pub(crate) fn no_such_version(name: &str, number: u32) -> Fault {
    Fault::new(nova_domain::Code::NotFound, format!("function `{name}` has no version {number}"))
}

/// An alias is looked up before the store is asked for a version.
pub(crate) fn alias_not_resolved(name: &nova_domain::AliasName) -> Fault {
    Fault::internal(format!("alias {name} was not resolved to a version"))
}

pub(crate) fn name_taken(name: impl std::fmt::Display) -> Fault {
    Fault::new(
        nova_domain::Code::AlreadyExists,
        format!("a function called `{name}` exists already; choose another name, or update that one"),
    )
}

pub(crate) fn changed_meanwhile(name: impl std::fmt::Display) -> Fault {
    Fault::new(
        nova_domain::Code::Conflict,
        format!(
            "function `{name}` was changed by somebody else meanwhile; read it again and repeat the change"
        ),
    )
}
