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

#[derive(Debug)]
pub(super) struct Stock {
    pub(super) shelves: BTreeMap<String, Shelf>,
    /// Sandboxes that start at once at most: their interpreters compete with calls for the CPUs.
    parallel: usize,
    failures: u32,
    not_before: Option<Instant>,
    pub(super) error: Option<String>,
}

impl Stock {
    pub(super) fn new() -> Self {
        let parallel = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        Self { shelves: BTreeMap::new(), parallel, failures: 0, not_before: None, error: None }
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
    pub(super) fn take(&mut self, key: &str) -> Option<u64> {
        let shelf = self.shelves.get_mut(key)?;
        shelf.ready.pop_front().or_else(|| shelf.starting.pop_front())
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
        for shelf in self.shelves.values_mut() {
            let before = shelf.starting.len() + shelf.ready.len();
            shelf.ready.retain(|id| *id != sandbox);
            shelf.starting.retain(|id| *id != sandbox);
            if shelf.starting.len() + shelf.ready.len() < before {
                self.error = Some(why.to_owned());
                self.failures += 1;
                let wait = Duration::from_millis(100) * 2u32.pow(self.failures.min(9));
                self.not_before = Some(now + wait);
                return;
            }
        }
    }

    pub(super) fn failed(&mut self, why: String, now: Instant) {
        self.error = Some(why);
        self.failures += 1;
        self.not_before = Some(now + Duration::from_millis(100) * 2u32.pow(self.failures.min(9)));
    }

    /// The shelf that needs a sandbox most, if one may be started now.
    pub(super) fn next_to_make(&self, now: Instant) -> Option<(String, Option<Program>)> {
        if self.not_before.is_some_and(|time| time > now) {
            return None;
        }
        let starting: usize = self.shelves.values().map(|shelf| shelf.starting.len()).sum();
        if starting >= self.parallel {
            return None;
        }
        self.shelves
            .iter()
            .filter(|(_, shelf)| shelf.ready.len() + shelf.starting.len() < shelf.target as usize)
            // The emptiest relative to its target.
            .min_by_key(|(_, shelf)| {
                (shelf.ready.len() + shelf.starting.len()) * 1000 / shelf.target.max(1) as usize
            })
            .map(|(key, shelf)| (key.clone(), shelf.runtime.clone()))
    }

    /// When to look again although nothing happens.
    pub(super) fn wake_at(&self, now: Instant) -> Option<Instant> {
        let short = self
            .shelves
            .values()
            .any(|shelf| shelf.ready.len() + shelf.starting.len() < shelf.target as usize);
        match self.not_before {
            Some(time) if time > now && short => Some(time),
            _ => None,
        }
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
        stock.shelves.get_mut("a").expect("planned").ready.push_back(1);
        assert_eq!(stock.next_to_make(now).expect("short").0, "b");
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
        assert_eq!(stock.take("a"), Some(3));
        assert_eq!(stock.take("a"), None);
    }
}
