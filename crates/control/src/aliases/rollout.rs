//! Rollouts: begun and stopped by people, carried on by [`Rollouts`].

use nova_domain::alias::Alias;
use nova_domain::rollout::{Rollout, RolloutPlan, RolloutStatus};
use nova_domain::{AliasName, Code, FaultResult, FunctionName, Scope};
use nova_store::System;
use tokio_util::sync::CancellationToken;

use crate::audit::{self, about, quietly, shown};
use crate::functions::Functions;

/// Rollouts that are looked at in one go.
const AT_ONCE: u32 = 100;

impl Functions {
    /// Begins a rollout with its first step.
    pub async fn start_rollout(
        &self,
        scope: &Scope,
        function: &FunctionName,
        alias: &AliasName,
        plan: RolloutPlan,
    ) -> FaultResult<Alias> {
        self.alter_alias(scope, function, alias, None, |alias, now| alias.start_rollout(plan.clone(), now))
            .await
    }

    /// Keeps a rollout's weights as they are.
    pub async fn pause_rollout(
        &self,
        scope: &Scope,
        function: &FunctionName,
        alias: &AliasName,
    ) -> FaultResult<Alias> {
        self.alter_alias(scope, function, alias, None, |alias, _| alias.pause_rollout()).await
    }

    /// Goes on with a paused rollout.
    pub async fn resume_rollout(
        &self,
        scope: &Scope,
        function: &FunctionName,
        alias: &AliasName,
    ) -> FaultResult<Alias> {
        self.alter_alias(scope, function, alias, None, |alias, now| alias.resume_rollout(now)).await
    }

    /// Stops a rollout and puts the weights back.
    pub async fn abort_rollout(
        &self,
        scope: &Scope,
        function: &FunctionName,
        alias: &AliasName,
    ) -> FaultResult<Alias> {
        let aborted =
            self.alter_alias(scope, function, alias, None, |alias, now| alias.abort_rollout(now)).await?;
        tell(&aborted, function);
        Ok(aborted)
    }

    /// Carries rollouts on. Any number of processes may do so over one store.
    pub fn rollouts(&self, system: System) -> Rollouts {
        Rollouts { functions: self.clone(), system }
    }
}

/// Looks at running rollouts when they are due: counts the calls of the new version in the run records,
/// which are of all nodes, and stores what follows if nobody else was faster.
pub struct Rollouts {
    functions: Functions,
    system: System,
}

impl Rollouts {
    /// Works until `stop` fires.
    pub async fn run(&self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(self.functions.inner.settings.rollout_scan);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(fault) = self.run_once().await {
                tracing::warn!(error = %fault.log_line(), "rollouts could not be looked at; they are again soon");
            }
        }
    }

    /// Looks at those that are due now; returns how many it was that changed them.
    pub async fn run_once(&self) -> FaultResult<usize> {
        let now = self.functions.inner.clock.now();
        let due = self.functions.inner.store.aliases().due(&self.system, now, AT_ONCE).await?;
        let mut changed = 0;
        for alias in due {
            match self.look(&alias).await {
                Ok(()) => changed += 1,
                // Another process or a person was faster, or the function went.
                Err(fault) if matches!(fault.code(), Code::Conflict | Code::NotFound) => {
                    tracing::debug!(function = %alias.function, alias = %alias.name, error = %fault.log_line(), "rollout left to others");
                }
                // One that cannot be looked at must not keep the others waiting.
                Err(fault) => {
                    tracing::warn!(function = %alias.function, alias = %alias.name, error = %fault.log_line(), "a rollout could not be looked at");
                }
            }
        }
        Ok(changed)
    }

    async fn look(&self, before: &Alias) -> FaultResult<()> {
        let Some(rollout) = &before.rollout else { return Ok(()) };
        let inner = &self.functions.inner;
        let scope = &before.scope;
        let (version, since) = (rollout.plan.version, rollout.step_began_at);
        let seen = inner.store.runs().outcomes(scope, &before.function, version, since).await?;
        let mut after = before.clone();
        let now = inner.clock.now();
        after.look(now, seen)?;
        if after.split != before.split {
            after.updated_at = now;
        }
        let (was, is) = (shown::alias(before), shown::alias(&after));
        let write = inner.store.aliases().update(&after);
        if was == is {
            // Only the calls that were seen.
            return quietly(write).await.map(drop);
        }
        let function = inner.store.functions().get_by_id(scope, &before.function).await?;
        let called = format!("{}/{}", function.name, before.name);
        let stored = about(audit::changed(scope, "alias", called, was, is), write).await?;
        if stored.split != before.split || !stored.is_rolling() {
            self.functions.changed(scope, &function).await;
            tell(&stored, &function.name);
        }
        Ok(())
    }
}

/// Says in log and metrics what became of a rollout.
fn tell(alias: &Alias, function: &FunctionName) {
    let Some(rollout) = &alias.rollout else { return };
    let Rollout { status, plan, seen, note, .. } = rollout;
    let (scope, name) = (&alias.scope, &alias.name);
    let (weight, status_text) = (alias.split.weight(plan.version), status.as_str());
    let (calls, errors) = (seen.calls, seen.errors);
    if *status == RolloutStatus::Failed {
        tracing::warn!(%scope, %function, alias = %name, version = plan.version, weight, calls, errors, note, "rollout failed");
    } else {
        tracing::info!(%scope, %function, alias = %name, version = plan.version, weight, status = status_text, "rollout");
    }
    if !rollout.is_open() {
        metrics::counter!("nova_rollouts_total", "status" => status_text).increment(1);
    }
}
