//! Aliases: names that point to versions, with weights.
//!
//! An alias has 100 slots, and each slot belongs to one version: a weight is a number of slots. A call
//! has a point, of its sticky key or random, which leads to a slot. When weights change, only as many
//! slots change hands as must: a version gives slots up only if its weight shrinks. So callers with
//! a key stay where they are while the weight of their version does not shrink, with any number of
//! versions, on every node, and nothing about callers needs to be stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fault::{Code, Fault, FaultResult};
use crate::id::FunctionId;
use crate::name::{AliasName, Scope};
use crate::rollout::Rollout;
use crate::time::Timestamp;

/// Slots of an alias; a weight is in percent.
pub const SLOTS: u32 = 100;
/// Versions that an alias can point to at once.
pub const ALIAS_VERSIONS_MAX: usize = 10;
/// Targets that an alias remembers.
pub const HISTORY_MAX: usize = 20;
/// Aliases of one function.
pub const ALIASES_PER_FUNCTION: u32 = 50;
/// Longest sticky key, bytes.
pub const STICKY_KEY_MAX: usize = 256;

/// Weights in percent by version; they sum up to 100.
pub type Weights = BTreeMap<u32, u32>;

/// Which share of the calls each version gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The version that has what no other version was given.
    main: u32,
    /// The version of each slot.
    slots: Vec<u32>,
}

impl Split {
    /// Everything to one version.
    pub fn whole(version: u32) -> Self {
        Self { main: version, slots: vec![version; SLOTS as usize] }
    }

    /// The version that has what no other version was given.
    pub fn main(&self) -> u32 {
        self.main
    }

    /// The weights, without versions that have none.
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::new();
        for version in &self.slots {
            *weights.entry(*version).or_default() += 1;
        }
        weights
    }

    /// The weight of a version.
    pub fn weight(&self, version: u32) -> u32 {
        count(&self.slots, version)
    }

    /// Every version that may be run, the main one too.
    pub fn versions(&self) -> Vec<u32> {
        let mut versions: Vec<u32> = self.weights().into_keys().collect();
        if !versions.contains(&self.main) {
            versions.push(self.main);
        }
        versions
    }

    /// The version for calls with this point.
    pub fn version_at(&self, point: u64) -> u32 {
        let slot = (point % u64::from(SLOTS)) as usize;
        self.slots.get(slot).copied().unwrap_or(self.main)
    }

    /// The same with other weights: `main` gets what `others` leave.
    pub fn with_weights(&self, main: u32, others: &Weights) -> FaultResult<Self> {
        let weights = whole_weights(main, others)?;
        let mut slots = self.slots.clone();
        slots.resize(SLOTS as usize, self.main);
        // The main version gives up its first slots, the others their last: what came last goes first,
        // so that a step back moves the same callers as the step before it.
        let mut held = Weights::new();
        let mut free = Vec::new();
        let mut main_too_much = count(&slots, main).saturating_sub(weights.get(&main).copied().unwrap_or(0));
        for (index, slot) in slots.iter().enumerate() {
            let count = held.entry(*slot).or_default();
            let gives = if *slot == main {
                let gives = main_too_much > 0;
                main_too_much = main_too_much.saturating_sub(1);
                gives
            } else {
                *count >= weights.get(slot).copied().unwrap_or(0)
            };
            if gives {
                free.push(index);
            } else {
                *count += 1;
            }
        }
        let mut free = free.into_iter();
        for (version, weight) in &weights {
            let has = held.get(version).copied().unwrap_or(0);
            for index in free.by_ref().take((weight - has) as usize) {
                slots[index] = *version;
            }
        }
        Ok(Self { main, slots })
    }
}

fn count(slots: &[u32], version: u32) -> u32 {
    slots.iter().filter(|slot| **slot == version).count() as u32
}

/// Checks weights and fills in what the main version gets.
fn whole_weights(main: u32, others: &Weights) -> FaultResult<Weights> {
    let refuse = |message: String, field: &str| Err(Fault::invalid(message).with_field("weights", field));
    if others.keys().chain([&main]).any(|version| *version == 0) {
        return Err(Fault::invalid("versions count from 1").with_field("version", "a whole number from 1"));
    }
    if let Some((version, weight)) = others.iter().find(|(_, weight)| **weight > SLOTS) {
        return refuse(format!("version {version} has the weight {weight}"), "0 to 100 percent each");
    }
    let sum: u32 = others.values().sum();
    let named = others.contains_key(&main);
    if sum > SLOTS || (named && sum != SLOTS) {
        let rule = if named { "exactly 100" } else { "at most 100; `version` gets the rest" };
        return refuse(format!("the weights sum up to {sum}"), rule);
    }
    let mut weights: Weights = others
        .iter()
        .filter(|(_, weight)| **weight > 0)
        .map(|(version, weight)| (*version, *weight))
        .collect();
    if sum < SLOTS {
        weights.insert(main, SLOTS - sum);
    }
    if weights.len() > ALIAS_VERSIONS_MAX {
        return refuse(
            format!("the alias would point to {} versions", weights.len()),
            "at most 10 versions with a weight",
        );
    }
    Ok(weights)
}

/// What an alias pointed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastTarget {
    pub split: Split,
    /// Until when.
    pub until: Timestamp,
}

/// A name that points to versions of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    pub scope: Scope,
    pub function: FunctionId,
    pub name: AliasName,
    pub description: String,
    pub split: Split,
    /// What it pointed to before, the latest first; at most [`HISTORY_MAX`].
    pub history: Vec<PastTarget>,
    /// The last rollout, under way or over.
    pub rollout: Option<Rollout>,
    /// Grows by one with every stored change.
    pub revision: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Alias {
    /// The version for a call.
    pub fn pick(&self, point: Option<u64>) -> u32 {
        match point {
            Some(point) => self.split.version_at(point ^ self.salt()),
            None => self.split.main(),
        }
    }

    /// Different for each alias, so that it is not the same callers everywhere who try what is new.
    fn salt(&self) -> u64 {
        mix(fold(fold(OFFSET, self.function.as_str().as_bytes()), self.name.as_str().as_bytes()))
    }

    /// Whether a rollout decides over the weights now.
    pub fn is_rolling(&self) -> bool {
        self.rollout.as_ref().is_some_and(Rollout::is_open)
    }

    /// Fails while a rollout decides over the weights.
    pub fn check_settled(&self) -> FaultResult<()> {
        if !self.is_rolling() {
            return Ok(());
        }
        Err(Fault::new(
            Code::Conflict,
            format!("a rollout of alias `{}` is under way; wait for its end, or abort it first", self.name),
        ))
    }

    /// Points to something else and remembers what was. Nothing happens if it is the same.
    pub fn point_to(&mut self, split: Split, now: Timestamp) {
        if split != self.split {
            let before = std::mem::replace(&mut self.split, split);
            self.remember(before, now);
        }
    }

    /// Notes what it pointed to before.
    pub fn remember(&mut self, split: Split, until: Timestamp) {
        self.history.insert(0, PastTarget { split, until });
        self.history.truncate(HISTORY_MAX);
    }

    /// The split with everything at `version`, or at the one version besides the main one.
    pub fn promoted(&self, version: Option<u32>) -> FaultResult<Split> {
        let version = match version {
            Some(version) => version,
            None => {
                let mut others = self.split.weights().into_keys().filter(|one| *one != self.split.main());
                match (others.next(), others.next()) {
                    (Some(only), None) => only,
                    (None, _) => {
                        return Err(Fault::new(
                            Code::Conflict,
                            format!("alias `{}` has no second version; say which one is meant", self.name),
                        )
                        .with_field("version", "say which"));
                    }
                    _ => {
                        return Err(Fault::new(
                            Code::Conflict,
                            format!(
                                "alias `{}` has several other versions; say which one is meant",
                                self.name
                            ),
                        )
                        .with_field("version", "say which"));
                    }
                }
            }
        };
        self.split.with_weights(version, &Weights::new())
    }

    /// Points to what it pointed to before; doing it twice is as if nothing had happened.
    pub fn roll_back(&mut self, now: Timestamp) -> FaultResult<()> {
        if self.history.is_empty() {
            return Err(Fault::new(
                Code::Conflict,
                format!(
                    "alias `{}` has pointed to nothing else yet; there is nothing to go back to",
                    self.name
                ),
            ));
        }
        let previous = self.history.remove(0).split;
        // Slots go back as few as must, so that callers who stay are not moved around.
        let mut others = previous.weights();
        others.remove(&previous.main());
        let split = self.split.with_weights(previous.main(), &others)?;
        let before = std::mem::replace(&mut self.split, split);
        self.remember(before, now);
        Ok(())
    }
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: the same on every node and in every version of Nova.
fn fold(mut state: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    state
}

/// Spreads a state over all bits (the end of SplitMix64).
fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// The point of a sticky key.
pub fn sticky_point(key: &[u8]) -> u64 {
    mix(fold(OFFSET, key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(main: u32, others: &[(u32, u32)]) -> Split {
        Split::whole(main).with_weights(main, &others.iter().copied().collect()).expect("valid")
    }

    fn alias(split: Split) -> Alias {
        Alias {
            scope: Scope::default_scope(),
            function: FunctionId::new("f1").expect("valid"),
            name: AliasName::new("live").expect("valid"),
            description: String::new(),
            split,
            history: Vec::new(),
            rollout: None,
            revision: 1,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        }
    }

    fn some_weights() -> impl Strategy<Value = (u32, Weights)> {
        (1..6u32, proptest::collection::btree_map(1..6u32, 0..40u32, 0..4)).prop_map(|(main, mut others)| {
            others.remove(&main);
            while others.values().sum::<u32>() > SLOTS {
                others.pop_first();
            }
            (main, others)
        })
    }

    proptest! {
        #[test]
        fn a_change_of_weights_moves_only_what_must_move(
            changes in proptest::collection::vec(some_weights(), 1..6)
        ) {
            let mut now = Split::whole(1);
            for (main, others) in changes {
                let next = now.with_weights(main, &others).expect("valid");
                let (before, after) = (now.weights(), next.weights());
                prop_assert_eq!(after.values().sum::<u32>(), SLOTS);
                for (version, weight) in &others {
                    prop_assert_eq!(next.weight(*version), *weight);
                }
                for point in 0..u64::from(SLOTS) {
                    let version = now.version_at(point);
                    let shrinks = after.get(&version).copied().unwrap_or(0) < before[&version];
                    prop_assert!(shrinks || next.version_at(point) == version, "slot {} moved", point);
                }
                now = next;
            }
        }

        #[test]
        fn growing_and_shrinking_again_moves_the_same_callers(first in 1..50u32, second in 50..100u32) {
            let small = split(1, &[(2, first)]);
            let back = small.with_weights(1, &[(2, second)].into()).expect("valid")
                .with_weights(1, &[(2, first)].into()).expect("valid");
            prop_assert_eq!(small, back);
        }
    }

    #[test]
    fn sticky_keys_spread_as_the_weights_say_and_differ_between_aliases() {
        let one = alias(split(1, &[(2, 25)]));
        let other = Alias { name: AliasName::new("other").expect("valid"), ..one.clone() };
        let picks = |alias: &Alias| -> Vec<u32> {
            (0..10_000).map(|n| alias.pick(Some(sticky_point(format!("user-{n}").as_bytes())))).collect()
        };
        let (one, other) = (picks(&one), picks(&other));
        let share = one.iter().filter(|version| **version == 2).count();
        assert!((2200..2800).contains(&share), "{share}");
        let both = one.iter().zip(&other).filter(|pair| *pair == (&2, &2)).count();
        assert!(both < 1500, "{both} of {share} are in both");
        // Kept for ever: a new Nova must not move everybody.
        assert_eq!(sticky_point(b"user-1"), STICKY_OF_USER_1);
    }

    const STICKY_OF_USER_1: u64 = 14_166_554_182_431_137_624;

    #[test]
    fn weights_that_cannot_be_are_refused() {
        let whole = Split::whole(1);
        for (main, others) in [
            (1, [(2, 101)].as_slice()),
            (1, &[(2, 60), (3, 41)]),
            (1, &[(1, 50), (2, 40)]),
            (0, &[]),
            (1, &[(0, 5)]),
        ] {
            let others = others.iter().copied().collect();
            assert_eq!(whole.with_weights(main, &others).expect_err("refused").code(), Code::InvalidArgument);
        }
        let many = (2..13).map(|version| (version, 5)).collect();
        assert!(whole.with_weights(1, &many).is_err());
        assert_eq!(whole.with_weights(1, &[(1, 40), (2, 60)].into()).expect("exact").weight(2), 60);
        assert_eq!(whole.with_weights(1, &[(2, 100)].into()).expect("all away").versions(), [2, 1]);
    }

    #[test]
    fn rolling_back_twice_is_as_if_nothing_had_happened() {
        let at = Timestamp::from_micros;
        let mut live = alias(Split::whole(1));
        assert_eq!(live.roll_back(at(1)).expect_err("nothing before").code(), Code::Conflict);
        live.point_to(live.split.with_weights(1, &[(2, 20)].into()).expect("valid"), at(1));
        live.point_to(live.promoted(None).expect("one canary"), at(2));
        assert_eq!((live.split.main(), live.split.weight(2)), (2, 100));
        live.roll_back(at(3)).expect("goes back");
        assert_eq!((live.split.main(), live.split.weight(2)), (1, 20));
        live.roll_back(at(4)).expect("goes forth");
        assert_eq!((live.split.main(), live.split.weight(2), live.history.len()), (2, 100, 2));
        live.point_to(live.split.clone(), at(5));
        assert_eq!(live.history.len(), 2, "the same target is no change");
        assert!(live.promoted(None).is_err());
    }
}
