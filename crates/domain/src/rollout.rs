//! Rollouts: a new version gets more and more of an alias's calls, step by step, and loses them all
//! again if too many of its calls fail. Pure: what was seen goes in, what is to be comes out.
//!
//! ```text
//! start -> Running <-> Paused            (pause, resume)
//!          Running  -> Done              (the last step held)
//!          Running  -> Failed            (errors over the bound: the weights go back)
//!          Running, Paused -> Aborted    (by a person: the weights go back)
//! ```
//!
//! The whole state is in the alias's row and every change of it is a compare-and-set by revision. So a
//! server that dies loses nothing, and of two servers that check at once one is refused.

use serde::{Deserialize, Serialize};

use crate::alias::{Alias, SLOTS, Split, Weights};
use crate::fault::{Code, Fault, FaultResult};
use crate::time::Timestamp;

/// Steps of a rollout.
pub const STEPS_MAX: usize = 20;
/// 100 % in the unit of [`RolloutPlan::max_errors`].
pub const ALL_ERRORS: u32 = 10_000;

/// How a version is rolled out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutPlan {
    /// The version that gets the calls.
    pub version: u32,
    /// Its weight at each step, percent; grows, and ends with 100.
    pub steps: Vec<u32>,
    /// How long a step holds at least, seconds. 1..=604,800.
    pub interval_s: u32,
    /// Part of its calls that may fail, hundredths of a percent. 0..=10,000.
    pub max_errors: u32,
    /// Calls of it that a step needs before it may end. 0..=1,000,000.
    pub min_calls: u32,
}

impl Default for RolloutPlan {
    fn default() -> Self {
        Self { version: 0, steps: vec![5, 25, 50, 100], interval_s: 60, max_errors: 100, min_calls: 20 }
    }
}

impl RolloutPlan {
    /// Checks every part against its bounds.
    pub fn validate(&self) -> FaultResult<()> {
        let refuse =
            |field: &str, message: String| Err(Fault::invalid(message.clone()).with_field(field, message));
        if self.version == 0 {
            return refuse("version", "versions count from 1".to_owned());
        }
        if !(1..=STEPS_MAX).contains(&self.steps.len()) {
            return refuse(
                "steps",
                format!("a rollout has 1 to {STEPS_MAX} steps, not {}", self.steps.len()),
            );
        }
        let grows = self.steps.windows(2).all(|pair| pair[0] < pair[1]);
        if !grows || self.steps.first() == Some(&0) || self.steps.last() != Some(&SLOTS) {
            return refuse(
                "steps",
                "the steps must grow, from at least 1 percent to 100 at the end".to_owned(),
            );
        }
        for (field, value, low, high) in [
            ("interval_s", self.interval_s, 1, 604_800),
            ("max_errors", self.max_errors, 0, ALL_ERRORS),
            ("min_calls", self.min_calls, 0, 1_000_000),
        ] {
            if !(low..=high).contains(&value) {
                return refuse(field, format!("{field} must be {low} to {high}, is {value}"));
            }
        }
        Ok(())
    }

    /// Whether that is too much: also when the calls that the step still needs would all succeed.
    fn is_too_much(&self, seen: Seen) -> bool {
        let calls = u128::from(seen.calls.max(u64::from(self.min_calls)));
        u128::from(seen.errors) * u128::from(ALL_ERRORS) > u128::from(self.max_errors) * calls
    }

    /// Time between two looks at a step, microseconds.
    fn look_every(&self) -> i64 {
        (i64::from(self.interval_s) * 1_000_000 / 10).clamp(1_000_000, 10_000_000)
    }
}

/// How far a rollout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolloutStatus {
    Running,
    Paused,
    /// The version has all the calls.
    Done,
    /// Too many calls failed; the weights are as they were before.
    Failed,
    /// Somebody stopped it; the weights are as they were before.
    Aborted,
}

impl RolloutStatus {
    /// Every status there is.
    pub const ALL: &'static [RolloutStatus] =
        &[Self::Running, Self::Paused, Self::Done, Self::Failed, Self::Aborted];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}

/// Calls of the version that ended since its step began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Without those that their callers left.
    pub calls: u64,
    /// Those of them that failed, by the function or by the platform.
    pub errors: u64,
}

/// A rollout, under way or over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    pub plan: RolloutPlan,
    /// What the alias pointed to before.
    pub before: Split,
    pub status: RolloutStatus,
    /// Which of the plan's steps, from 0.
    pub step: u32,
    pub step_began_at: Timestamp,
    /// When it is looked at next, while it runs.
    pub due_at: Timestamp,
    /// What was seen of this step at the last look.
    pub seen: Seen,
    /// Why it stopped, or what it waits for; for people.
    pub note: String,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Rollout {
    /// Whether it is under way: running or paused.
    pub fn is_open(&self) -> bool {
        matches!(self.status, RolloutStatus::Running | RolloutStatus::Paused)
    }

    /// When it is to be looked at, if it is.
    pub fn due(&self) -> Option<Timestamp> {
        (self.status == RolloutStatus::Running).then_some(self.due_at)
    }

    /// The weight of the present step.
    pub fn weight(&self) -> u32 {
        self.plan.steps.get(self.step as usize).copied().unwrap_or(SLOTS)
    }

    fn begin_step(&mut self, step: u32, now: Timestamp) {
        self.step = step;
        self.step_began_at = now;
        self.due_at = now.plus_micros(self.plan.look_every());
        self.seen = Seen::default();
        self.note.clear();
    }

    fn end(&mut self, status: RolloutStatus, note: String, now: Timestamp) {
        self.status = status;
        self.note = note;
        self.ended_at = Some(now);
    }
}

impl Alias {
    /// Begins a rollout with its first step.
    pub fn start_rollout(&mut self, plan: RolloutPlan, now: Timestamp) -> FaultResult<()> {
        self.check_settled()?;
        plan.validate()?;
        let main = self.split.main();
        let conflict = |message: String| Err(Fault::new(Code::Conflict, message));
        if self.split.weights().keys().any(|version| *version != main && *version != plan.version) {
            return conflict(format!(
                "alias `{}` points to further versions; a rollout needs one besides its own: promote one first",
                self.name
            ));
        }
        let (has, first) = (self.split.weight(plan.version), plan.steps[0]);
        if plan.version == main || has >= first {
            return conflict(format!(
                "version {} has {has} percent of alias `{}` already; the first step must be more",
                plan.version, self.name
            ));
        }
        let mut rollout = Rollout {
            before: self.split.clone(),
            status: RolloutStatus::Running,
            step: 0,
            step_began_at: now,
            due_at: now,
            seen: Seen::default(),
            note: String::new(),
            started_at: now,
            ended_at: None,
            plan,
        };
        rollout.begin_step(0, now);
        self.split = stepped(&self.split, &rollout)?;
        self.rollout = Some(rollout);
        Ok(())
    }

    /// Looks at the present step, of which that was seen. Nothing happens unless it runs.
    pub fn look(&mut self, now: Timestamp, seen: Seen) -> FaultResult<()> {
        let Some(mut rollout) = self.rollout.take() else { return Ok(()) };
        let looked = self.looked(&mut rollout, now, seen);
        self.rollout = Some(rollout);
        looked
    }

    fn looked(&mut self, rollout: &mut Rollout, now: Timestamp, seen: Seen) -> FaultResult<()> {
        if rollout.status != RolloutStatus::Running {
            return Ok(());
        }
        rollout.seen = seen;
        let plan = rollout.plan.clone();
        if plan.is_too_much(seen) {
            let note = format!(
                "{} of {} calls of version {} failed at {} percent, over the bound of {}",
                seen.errors,
                seen.calls,
                plan.version,
                rollout.weight(),
                percent(plan.max_errors)
            );
            rollout.end(RolloutStatus::Failed, note, now);
            self.split = restored(&self.split, &rollout.before)?;
            return Ok(());
        }
        let held = now.micros_since(rollout.step_began_at) >= i64::from(plan.interval_s) * 1_000_000;
        if !held || seen.calls < u64::from(plan.min_calls) {
            rollout.due_at = now.plus_micros(plan.look_every());
            rollout.note = match held {
                true => format!("waits for calls: {} of {}", seen.calls, plan.min_calls),
                false => String::new(),
            };
            return Ok(());
        }
        if rollout.step as usize + 1 < plan.steps.len() {
            rollout.begin_step(rollout.step + 1, now);
            self.split = stepped(&self.split, rollout)?;
            return Ok(());
        }
        rollout.end(RolloutStatus::Done, String::new(), now);
        self.split = self.split.with_weights(plan.version, &Weights::new())?;
        self.remember(rollout.before.clone(), now);
        Ok(())
    }

    /// Keeps the weights as they are until it is resumed.
    pub fn pause_rollout(&mut self) -> FaultResult<()> {
        let rollout = self.open_rollout()?;
        rollout.status = RolloutStatus::Paused;
        Ok(())
    }

    /// Goes on; the present step begins anew.
    pub fn resume_rollout(&mut self, now: Timestamp) -> FaultResult<()> {
        let rollout = self.open_rollout()?;
        if rollout.status == RolloutStatus::Paused {
            rollout.status = RolloutStatus::Running;
            rollout.begin_step(rollout.step, now);
        }
        Ok(())
    }

    /// Stops it and puts the weights back.
    pub fn abort_rollout(&mut self, now: Timestamp) -> FaultResult<()> {
        let rollout = self.open_rollout()?;
        rollout.end(RolloutStatus::Aborted, String::new(), now);
        let before = rollout.before.clone();
        self.split = restored(&self.split, &before)?;
        Ok(())
    }

    fn open_rollout(&mut self) -> FaultResult<&mut Rollout> {
        let none = || Fault::new(Code::Conflict, format!("alias `{}` has no rollout under way", self.name));
        self.rollout.as_mut().filter(|rollout| rollout.is_open()).ok_or_else(none)
    }
}

/// The split of the present step.
fn stepped(split: &Split, rollout: &Rollout) -> FaultResult<Split> {
    split.with_weights(rollout.before.main(), &[(rollout.plan.version, rollout.weight())].into())
}

/// The weights of before, with as few callers moved as must.
fn restored(split: &Split, before: &Split) -> FaultResult<Split> {
    let mut others = before.weights();
    others.remove(&before.main());
    split.with_weights(before.main(), &others)
}

/// `1.5 percent`.
fn percent(hundredths: u32) -> String {
    format!("{} percent", f64::from(hundredths) / 100.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::FunctionId;
    use crate::name::{AliasName, Scope};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn alias() -> Alias {
        Alias {
            scope: Scope::default_scope(),
            function: FunctionId::new("f1").expect("valid"),
            name: AliasName::new("live").expect("valid"),
            description: String::new(),
            split: Split::whole(1),
            history: Vec::new(),
            rollout: None,
            revision: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn plan() -> RolloutPlan {
        RolloutPlan { version: 2, min_calls: 10, ..RolloutPlan::default() }
    }

    fn status(alias: &Alias) -> RolloutStatus {
        alias.rollout.as_ref().expect("there is one").status
    }

    fn good(calls: u64) -> Seen {
        Seen { calls, errors: 0 }
    }

    #[test]
    fn a_rollout_without_errors_goes_up_its_steps_and_holds_each() {
        let mut live = alias();
        live.start_rollout(plan(), at(0)).expect("starts");
        for (step, weight) in [5, 25, 50, 100].into_iter().enumerate() {
            let begin = 100 * step as i64;
            assert_eq!(live.split.weight(2), weight);
            assert_eq!(live.split.main(), 1);
            live.look(at(begin + 59), good(1000)).expect("looks");
            assert_eq!(live.split.weight(2), weight, "not before its time");
            live.look(at(begin + 60), good(9)).expect("looks");
            assert_eq!(live.split.weight(2), weight, "not without calls");
            assert!(live.rollout.as_ref().expect("there").note.contains("9 of 10"));
            live.look(at(begin + 100), good(10)).expect("looks");
        }
        assert_eq!((status(&live), live.split.main()), (RolloutStatus::Done, 2));
        live.roll_back(at(999)).expect("remembers what was before");
        assert_eq!(live.split, Split::whole(1));
    }

    #[test]
    fn errors_over_the_bound_put_the_weights_back_at_any_step() {
        for fails_at in 0..4 {
            let mut live = alias();
            live.start_rollout(plan(), at(0)).expect("starts");
            for step in 1..=fails_at {
                live.look(at(100 * step), good(50)).expect("looks");
            }
            live.look(at(1000), Seen { calls: 1000, errors: 11 }).expect("looks");
            assert_eq!((status(&live), live.split.clone()), (RolloutStatus::Failed, Split::whole(1)));
            assert!(live.rollout.as_ref().expect("there").note.contains("11 of 1000"));
            live.look(at(2000), good(1000)).expect("looks");
            assert_eq!(status(&live), RolloutStatus::Failed, "it stays so");
        }
    }

    #[test]
    fn few_calls_stop_it_only_if_even_many_could_not_save_it() {
        let mut live = alias();
        let cautious = RolloutPlan { min_calls: 100, max_errors: 500, ..plan() };
        live.start_rollout(cautious, at(0)).expect("starts");
        live.look(at(1), Seen { calls: 5, errors: 5 }).expect("looks");
        assert_eq!(status(&live), RolloutStatus::Running, "5 of 100 would be in the bound");
        live.look(at(2), Seen { calls: 6, errors: 6 }).expect("looks");
        assert_eq!(status(&live), RolloutStatus::Failed);
    }

    #[test]
    fn pause_resume_and_abort_do_what_they_say_and_only_while_it_is_under_way() {
        let mut live = alias();
        assert!(live.pause_rollout().is_err());
        live.start_rollout(plan(), at(0)).expect("starts");
        live.pause_rollout().expect("pauses");
        assert_eq!(live.rollout.as_ref().and_then(Rollout::due), None);
        live.look(at(500), Seen { calls: 100, errors: 100 }).expect("looks");
        assert_eq!((status(&live), live.split.weight(2)), (RolloutStatus::Paused, 5));
        assert_eq!(live.start_rollout(plan(), at(1)).expect_err("one at a time").code(), Code::Conflict);
        live.resume_rollout(at(600)).expect("resumes");
        live.look(at(601), good(100)).expect("looks");
        assert_eq!(live.split.weight(2), 5, "the step holds from the begin");
        live.abort_rollout(at(602)).expect("aborts");
        assert_eq!((status(&live), live.split.clone()), (RolloutStatus::Aborted, Split::whole(1)));
        for refused in [live.pause_rollout(), live.resume_rollout(at(9)), live.abort_rollout(at(9))] {
            assert_eq!(refused.expect_err("over").code(), Code::Conflict);
        }
        live.start_rollout(plan(), at(700)).expect("another one");
    }

    #[test]
    fn plans_that_cannot_be_are_refused_with_the_field() {
        let bad = |change: fn(&mut RolloutPlan)| {
            let mut plan = plan();
            change(&mut plan);
            let fault = alias().start_rollout(plan, at(0)).expect_err("refused");
            fault.fields().first().map(|(field, _)| field.clone()).unwrap_or_default()
        };
        assert_eq!(bad(|plan| plan.steps = vec![]), "steps");
        assert_eq!(bad(|plan| plan.steps = vec![50, 50, 100]), "steps");
        assert_eq!(bad(|plan| plan.steps = vec![0, 100]), "steps");
        assert_eq!(bad(|plan| plan.steps = vec![5, 50]), "steps");
        assert_eq!(bad(|plan| plan.interval_s = 0), "interval_s");
        assert_eq!(bad(|plan| plan.max_errors = 10_001), "max_errors");
        assert_eq!(bad(|plan| plan.version = 0), "version");
        assert_eq!(bad(|plan| plan.version = 1), "", "it has everything already");
    }

    #[derive(Debug, Clone)]
    enum Act {
        Look(i64, Seen),
        Pause,
        Resume,
        Abort,
        Start,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            6 => (0..200i64, 0..200u64, 0..20u64)
                .prop_map(|(wait, calls, errors)| Act::Look(wait, Seen { calls, errors: errors.min(calls) })),
            1 => Just(Act::Pause),
            1 => Just(Act::Resume),
            1 => Just(Act::Abort),
            1 => Just(Act::Start),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_weights_are_of_the_step_or_of_before(acts in proptest::collection::vec(act(), 0..60)) {
            let (mut live, mut now) = (alias(), 0);
            for act in acts {
                let before = live.clone();
                let _ = match act {
                    Act::Look(wait, seen) => { now += wait; live.look(at(now), seen) }
                    Act::Pause => live.pause_rollout(),
                    Act::Resume => live.resume_rollout(at(now)),
                    Act::Abort => live.abort_rollout(at(now)),
                    Act::Start => {
                        let next = live.split.main() + 1;
                        live.start_rollout(RolloutPlan { version: next, ..plan() }, at(now))
                    }
                };
                let Some(rollout) = &live.rollout else { continue };
                prop_assert_eq!(live.split.weights().values().sum::<u32>(), SLOTS);
                match rollout.status {
                    RolloutStatus::Running | RolloutStatus::Paused => {
                        prop_assert_eq!(live.split.weight(rollout.plan.version), rollout.weight());
                        prop_assert_eq!(live.split.main(), rollout.before.main());
                    }
                    RolloutStatus::Done => prop_assert_eq!(live.split.weight(rollout.plan.version), SLOTS),
                    RolloutStatus::Failed | RolloutStatus::Aborted => {
                        prop_assert_eq!(live.split.weights(), rollout.before.weights());
                    }
                }
                // A step back is never one step: it is up by one, or down to where it began.
                if let Some(earlier) = before.rollout.filter(|one| one.started_at == rollout.started_at) {
                    prop_assert!(rollout.step == earlier.step || rollout.step == earlier.step + 1);
                }
                prop_assert_eq!(rollout.is_open(), rollout.ended_at.is_none());
            }
        }
    }
}
