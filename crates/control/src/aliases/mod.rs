//! Aliases: create, show, change, promote, roll back, delete.

mod rollout;

use nova_domain::alias::{Alias, Split, Weights};
use nova_domain::function::Function;
use nova_domain::{AliasName, Code, Fault, FaultResult, FunctionName, Scope, Timestamp};
use nova_store::{Page, PageRequest};

use crate::functions::{Functions, check_revision_of, may_retry, not_ready, pause};

pub use rollout::Rollouts;

/// Longest description, bytes.
const DESCRIPTION_MAX: usize = 2048;

/// What a new alias is made of.
#[derive(Debug, Clone)]
pub struct NewAlias {
    pub name: AliasName,
    /// The version that gets what no weight gives to another.
    pub version: u32,
    pub weights: Weights,
    pub description: String,
}

/// What is to change; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AliasChange {
    /// Without `weights` this version gets everything.
    pub version: Option<u32>,
    pub weights: Option<Weights>,
    pub description: Option<String>,
}

impl Functions {
    /// Creates an alias. `InvalidArgument` for versions that do not exist or weights that cannot be,
    /// `Conflict` for a version that cannot run.
    pub async fn create_alias(
        &self,
        scope: &Scope,
        function: &FunctionName,
        new: NewAlias,
    ) -> FaultResult<Alias> {
        let function = self.inner.store.functions().get(scope, function).await?;
        let now = self.inner.clock.now();
        let alias = Alias {
            scope: scope.clone(),
            function: function.id.clone(),
            name: new.name,
            description: described(new.description)?,
            split: Split::whole(new.version).with_weights(new.version, &new.weights)?,
            history: Vec::new(),
            rollout: None,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        self.check_versions(scope, &function, &alias.split, None).await?;
        self.inner.store.aliases().create(&alias).await?;
        self.changed(scope, &function).await;
        Ok(alias)
    }

    /// That alias of the function, or `NotFound` for either.
    pub async fn get_alias(
        &self,
        scope: &Scope,
        function: &FunctionName,
        alias: &AliasName,
    ) -> FaultResult<Alias> {
        let function = self.inner.store.functions().get(scope, function).await?;
        self.inner.store.aliases().get(scope, &function.id, alias).await
    }

    /// Aliases of the function, sorted by name.
    pub async fn list_aliases(
        &self,
        scope: &Scope,
        function: &FunctionName,
        page: &PageRequest,
    ) -> FaultResult<Page<Alias>> {
        let function = self.inner.store.functions().get(scope, function).await?;
        self.inner.store.aliases().list(scope, &function.id, page).await
    }

    /// Changes an alias. Weights cannot change while a rollout is under way.
    pub async fn change_alias(
        &self,
        scope: &Scope,
        function: &FunctionName,
        alias: &AliasName,
        change: AliasChange,
        expected: Option<u64>,
    ) -> FaultResult<Alias> {
        let description = change.description.map(described).transpose()?;
        self.alter_alias(scope, function, alias, expected, |alias, now| {
            if let Some(description) = &description {
                alias.description.clone_from(description);
            }
            if change.version.is_none() && change.weights.is_none() {
                return Ok(());
            }
            alias.check_settled()?;
            let main = change.version.unwrap_or_else(|| alias.split.main());
            let split = alias.split.with_weights(main, &change.weights.clone().unwrap_or_default())?;
            alias.point_to(split, now);
            Ok(())
        })
        .await
    }

    /// Gives everything to `version`, or to the only one besides the alias's own.
    pub async fn promote_alias(
        &self,
        scope: &Scope,
        function: &FunctionName,
        alias: &AliasName,
        version: Option<u32>,
        expected: Option<u64>,
    ) -> FaultResult<Alias> {
        self.alter_alias(scope, function, alias, expected, |alias, now| {
            alias.check_settled()?;
            let split = alias.promoted(version)?;
            alias.point_to(split, now);
            Ok(())
        })
        .await
    }

    /// Points an alias to what it pointed to before.
    pub async fn roll_back_alias(
        &self,
        scope: &Scope,
        function: &FunctionName,
        alias: &AliasName,
        expected: Option<u64>,
    ) -> FaultResult<Alias> {
        self.alter_alias(scope, function, alias, expected, |alias, now| {
            alias.check_settled()?;
            alias.roll_back(now)
        })
        .await
    }

    /// Deletes an alias. `Conflict` while a rollout is under way, or while the function's address runs it.
    pub async fn delete_alias(
        &self,
        scope: &Scope,
        function: &FunctionName,
        alias: &AliasName,
        expected: Option<u64>,
    ) -> FaultResult<()> {
        let mut tries = 0;
        loop {
            tries += 1;
            let of = self.inner.store.functions().get(scope, function).await?;
            let found = self.inner.store.aliases().get(scope, &of.id, alias).await?;
            check_revision_of("alias", alias.as_str(), found.revision, expected)?;
            found.check_settled()?;
            if of.http.alias.as_ref() == Some(alias) {
                return Err(Fault::new(
                    Code::Conflict,
                    format!(
                        "requests to the address of function `{function}` run alias `{alias}`; \
                         set http_alias to another one, or to null, first"
                    ),
                ));
            }
            match self.inner.store.aliases().delete(&found).await {
                Ok(()) => {
                    self.changed(scope, &of).await;
                    return Ok(());
                }
                Err(fault) if may_retry(&fault, expected, tries, &self.inner.settings) => pause(tries).await,
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Reads, changes and stores an alias; again if somebody else was faster and no revision was named.
    async fn alter_alias(
        &self,
        scope: &Scope,
        function: &FunctionName,
        name: &AliasName,
        expected: Option<u64>,
        alter: impl Fn(&mut Alias, Timestamp) -> FaultResult<()>,
    ) -> FaultResult<Alias> {
        let mut tries = 0;
        loop {
            tries += 1;
            let of = self.inner.store.functions().get(scope, function).await?;
            let before = self.inner.store.aliases().get(scope, &of.id, name).await?;
            check_revision_of("alias", name.as_str(), before.revision, expected)?;
            let mut after = before.clone();
            let now = self.inner.clock.now();
            alter(&mut after, now)?;
            if after == before {
                return Ok(before);
            }
            self.check_versions(scope, &of, &after.split, Some(&before.split)).await?;
            after.updated_at = now;
            match self.inner.store.aliases().update(&after).await {
                Ok(stored) => {
                    self.changed(scope, &of).await;
                    return Ok(stored);
                }
                Err(fault) if may_retry(&fault, expected, tries, &self.inner.settings) => pause(tries).await,
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Checks that every version that comes into the split exists and can run.
    async fn check_versions(
        &self,
        scope: &Scope,
        function: &Function,
        split: &Split,
        before: Option<&Split>,
    ) -> FaultResult<()> {
        let known = before.map(Split::versions).unwrap_or_default();
        for number in split.versions().into_iter().filter(|number| !known.contains(number)) {
            let version = match self.inner.store.versions().get(scope, &function.id, number).await {
                Err(fault) if fault.code() == Code::NotFound => {
                    let text = format!("function `{}` has no version {number}", function.name);
                    return Err(Fault::invalid(text).with_field("version", "no such version"));
                }
                other => other?,
            };
            if let Some(fault) = not_ready(function.name.as_str(), &version) {
                return Err(Fault::new(Code::Conflict, fault.message().to_owned()));
            }
        }
        Ok(())
    }
}

fn described(text: String) -> FaultResult<String> {
    if text.len() <= DESCRIPTION_MAX {
        return Ok(text);
    }
    let rule = format!("a description has at most {DESCRIPTION_MAX} bytes");
    Err(Fault::invalid(rule.clone()).with_field("description", rule))
}
