//! Which sandboxes are kept ready, and when the next one is made.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::protocol::{Program, StockSpec, StockState};

/// Pre-started sandboxes of one runtime, oldest first.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) runtime: Option<Program>,
    pub(super) target: u32,
    pub(super) ready: VecDeque<u64>,
    pub(super) starting: VecDeque<u64>,
}

impl Shelf {
    /// Sandboxes that are there or will be.
    fn coming(&self) -> usize {
        self.ready.len() + self.starting.len()
    }

    fn is_short(&self) -> bool {
        self.coming() < self.target as usize
    }

    fn is_nearly_empty(&self) -> bool {
        self.ready.len() * 2 < self.target as usize
    }
}

/// What is to be made next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Shell,
    /// The runtime of the shelf of that name, in a shell.
    Stock(String, Option<Program>),
}

/// Shells that are kept, for what is started from scratch and what is put on shelves. They
/// need hardly any memory, and save the slowest part of making a sandbox.
const SHELLS: usize = 2;

#[derive(Debug)]
pub(super) struct Stock {
    /// Sandboxes in which nothing runs yet, oldest first.
    pub(super) shells: VecDeque<u64>,
    pub(super) shelves: BTreeMap<String, Shelf>,
    /// Sandboxes that start at once at most: their interpreters compete with calls for the CPUs.
    parallel: usize,
    failures: u32,
    not_before: Option<Instant>,
    /// Nothing is started while a call begins, unless little is left.
    calm_until: Option<Instant>,
    pub(super) error: Option<String>,
}

/// How long one who took a sandbox has the CPUs for himself.
const CALM: Duration = Duration::from_millis(15);

impl Stock {
    pub(super) fn new() -> Self {
        let parallel = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        Self {
            shells: VecDeque::new(),
            shelves: BTreeMap::new(),
            parallel,
            failures: 0,
            not_before: None,
            calm_until: None,
            error: None,
        }
    }

    /// Takes over a new plan; returns sandboxes that are not wanted any more.
    pub(super) fn plan(&mut self, specs: Vec<StockSpec>) -> Vec<u64> {
        let mut unwanted = Vec::new();
        let mut old = std::mem::take(&mut self.shelves);
        for spec in specs {
            let mut shelf = old.remove(&spec.key).unwrap_or_default();
            if shelf.runtime != spec.runtime {
                unwanted.extend(shelf.ready.drain(..).chain(shelf.starting.drain(..)));
            }
            shelf.runtime = spec.runtime;
            shelf.target = spec.target.min(256);
            while shelf.ready.len() > shelf.target as usize {
                unwanted.extend(shelf.ready.pop_front());
            }
            self.shelves.insert(spec.key, shelf);
        }
        for (_, shelf) in old {
            unwanted.extend(shelf.ready.into_iter().chain(shelf.starting));
        }
        self.failures = 0;
        self.not_before = None;
        unwanted
    }

    /// Takes one for use: a ready one, or one that will be soon.
    pub(super) fn take(&mut self, key: &str, now: Instant) -> Option<u64> {
        let shelf = self.shelves.get_mut(key)?;
        self.calm_until = Some(now + CALM);
        shelf.ready.pop_front().or_else(|| shelf.starting.pop_front())
    }

    /// A sandbox for a shelf was begun.
    pub(super) fn began(&mut self, key: &str, sandbox: u64) {
        if let Some(shelf) = self.shelves.get_mut(key) {
            shelf.starting.push_back(sandbox);
        }
    }

    /// A sandbox said that it is up.
    pub(super) fn became_ready(&mut self, sandbox: u64) {
        for shelf in self.shelves.values_mut() {
            if let Some(position) = shelf.starting.iter().position(|id| *id == sandbox) {
                shelf.starting.remove(position);
                shelf.ready.push_back(sandbox);
                self.failures = 0;
                self.error = None;
            }
        }
    }

    /// A sandbox in stock ended.
    pub(super) fn lost(&mut self, sandbox: u64, why: &str, now: Instant) {
        let shelves = self.shelves.values_mut().flat_map(|shelf| [&mut shelf.ready, &mut shelf.starting]);
        let mut was_there = false;
        for queue in shelves.chain([&mut self.shells]) {
            let before = queue.len();
            queue.retain(|id| *id != sandbox);
            was_there |= queue.len() < before;
        }
        if was_there {
            self.failed(why.to_owned(), now);
        }
    }

    pub(super) fn failed(&mut self, why: String, now: Instant) {
        self.error = Some(why);
        self.failures += 1;
        self.not_before = Some(now + Duration::from_millis(100) * 2u32.pow(self.failures.min(9)));
    }

    /// What is missing most, if something may be made now.
    pub(super) fn next_to_make(&self, now: Instant) -> Option<Next> {
        if self.not_before.is_some_and(|time| time > now) {
            return None;
        }
        let calm = self.calm_until.is_some_and(|time| time > now);
        let starting: usize = self.shelves.values().map(|shelf| shelf.starting.len()).sum();
        let shelf = self
            .shelves
            .iter()
            .filter(|(_, shelf)| shelf.is_short())
            // One after the other, unless calls take them faster.
            .filter(|(_, shelf)| match shelf.is_nearly_empty() {
                true => starting < self.parallel,
                false => starting == 0 && !calm,
            })
            // The emptiest relative to its target.
            .min_by_key(|(_, shelf)| shelf.coming() * 1000 / shelf.target.max(1) as usize)
            .map(|(key, shelf)| Next::Stock(key.clone(), shelf.runtime.clone()));
        // A shelf is filled from shells.
        match shelf {
            Some(next) if !self.shells.is_empty() => Some(next),
            Some(_) => Some(Next::Shell),
            None => (self.shells.len() < SHELLS && !calm).then_some(Next::Shell),
        }
    }

    /// When to look again although nothing happens.
    pub(super) fn wake_at(&self, now: Instant) -> Option<Instant> {
        let waits = [self.not_before, self.calm_until].into_iter().flatten().filter(|time| *time > now);
        let short = self.shells.len() < SHELLS || self.shelves.values().any(Shelf::is_short);
        waits.max().filter(|_| short)
    }

    /// Counts per shelf; memory is filled in by the caller.
    pub(super) fn states(&self) -> BTreeMap<String, StockState> {
        self.shelves
            .iter()
            .map(|(key, shelf)| {
                let state = StockState {
                    ready: shelf.ready.len() as u32,
                    starting: shelf.starting.len() as u32,
                    target: shelf.target,
                    memory_bytes: 0,
                };
                (key.clone(), state)
            })
            .collect()
    }

    /// Sandboxes on the shelf `key`.
    pub(super) fn on_shelf(&self, key: &str) -> impl Iterator<Item = u64> + '_ {
        self.shelves.get(key).into_iter().flat_map(|shelf| shelf.ready.iter().chain(&shelf.starting).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(key: &str, target: u32) -> StockSpec {
        StockSpec { key: key.to_owned(), runtime: None, target }
    }

    #[test]
    fn the_emptiest_shelf_is_filled_first_and_starts_are_bounded() {
        let mut stock = Stock::new();
        stock.parallel = 1;
        stock.plan(vec![spec("a", 4), spec("b", 4)]);
        let now = Instant::now();
        assert_eq!(stock.next_to_make(now), Some(Next::Shell), "a shelf is filled from shells");
        stock.shells.extend([7, 8]);
        stock.shelves.get_mut("a").expect("planned").ready.push_back(1);
        assert_eq!(stock.next_to_make(now), Some(Next::Stock("b".to_owned(), None)));
        stock.shelves.get_mut("b").expect("planned").starting.push_back(2);
        assert!(stock.next_to_make(now).is_none());
        stock.became_ready(2);
        assert!(stock.next_to_make(now).is_some());
    }

    #[test]
    fn failures_back_off_and_a_success_ends_that() {
        let mut stock = Stock::new();
        stock.plan(vec![spec("a", 1)]);
        let now = Instant::now();
        stock.failed("no".to_owned(), now);
        assert!(stock.next_to_make(now).is_none());
        assert!(stock.wake_at(now).is_some_and(|at| at > now));
        assert!(stock.next_to_make(now + Duration::from_secs(60)).is_some());
    }

    #[test]
    fn a_new_plan_returns_what_is_not_wanted_any_more() {
        let mut stock = Stock::new();
        stock.plan(vec![spec("a", 3), spec("b", 1)]);
        stock.shelves.get_mut("a").expect("planned").ready.extend([1, 2, 3]);
        stock.shelves.get_mut("b").expect("planned").ready.push_back(4);
        assert_eq!(stock.plan(vec![spec("a", 1)]), [1, 2, 4]);
        assert_eq!(stock.take("a", Instant::now()), Some(3));
        assert_eq!(stock.take("a", Instant::now()), None);
    }
}
