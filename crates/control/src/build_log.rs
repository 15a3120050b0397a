//! Logs of builds that run now: bounded, in memory, for whoever wants to watch. What a build
//! printed in the end is stored with its version.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::Stream;
use nova_domain::call::Qualifier;
use nova_domain::log::LogLine;
use nova_domain::ports::BuildLog;
use nova_domain::version::{Build, CompileStatus};
use nova_domain::{Fault, FaultResult, FunctionId, FunctionName, Scope, Timestamp};
use tokio::sync::watch;

use crate::functions::Functions;

/// Bytes that are kept of one running build for those who come later; the end counts.
const KEPT_MAX: usize = 256 * 1024;
/// How often it is looked whether a build that runs elsewhere has ended.
const POLL: Duration = Duration::from_millis(500);

/// A place in the log of one build: after so many of its lines. Text form `build-lines`. A build
/// that is taken up again after a crash is another one, with a log of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildPlace {
    /// When it began, in microseconds.
    build: i64,
    lines: u64,
}

impl BuildPlace {
    /// Parses the text form.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let parts = text
            .split_once('-')
            .and_then(|(build, lines)| Some(Self { build: build.parse().ok()?, lines: lines.parse().ok()? }));
        parts.ok_or_else(|| {
            Fault::invalid("this is no place in a build's log; give the id of an event as it came")
        })
    }
}

impl fmt::Display for BuildPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.build, self.lines)
    }
}

/// What a follower of a build sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildEvent {
    /// A line, and the place after it.
    Line(BuildPlace, LogLine),
    /// So many lines came faster than they were read, or before there was room for them.
    Missed(BuildPlace, u64),
    /// The build as it is stored; the last event.
    Ended(Build),
}

/// What happens in a build, until it ends.
pub type BuildEvents = Pin<Box<dyn Stream<Item = FaultResult<BuildEvent>> + Send>>;

type Key = (FunctionId, u32);

/// The builds that run in this process.
#[derive(Default)]
pub(crate) struct LiveLogs(Mutex<HashMap<Key, Arc<Live>>>);

impl LiveLogs {
    fn all(&self) -> MutexGuard<'_, HashMap<Key, Arc<Live>>> {
        // The map is consistent between any two statements under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A build begins; where its lines go.
    pub(crate) fn begin(&self, function: &FunctionId, number: u32, now: Timestamp) -> BuildLog {
        let live = Arc::new(Live { build: now.as_micros(), ..Live::default() });
        self.all().insert((function.clone(), number), live.clone());
        BuildLog::to(move |lines| live.add(lines))
    }

    /// It ended, and its result is stored.
    pub(crate) fn end(&self, function: &FunctionId, number: u32) {
        if let Some(live) = self.all().remove(&(function.clone(), number)) {
            live.news.send_modify(|news| news.over = true);
        }
    }

    fn get(&self, key: &Key) -> Option<Arc<Live>> {
        self.all().get(key).cloned()
    }
}

#[derive(Default)]
struct Live {
    /// When it began, in microseconds.
    build: i64,
    kept: Mutex<Kept>,
    news: watch::Sender<News>,
}

#[derive(Default, Clone, Copy)]
struct News {
    lines: u64,
    over: bool,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    bytes: usize,
    /// Lines that are not kept any more.
    gone: u64,
}

impl Live {
    fn add(&self, lines: &[LogLine]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            kept.bytes += size(line);
            kept.lines.push_back(line.clone());
        }
        while kept.bytes > KEPT_MAX {
            let Some(first) = kept.lines.pop_front() else { break };
            kept.bytes -= size(&first);
            kept.gone += 1;
        }
        drop(kept);
        self.news.send_modify(|news| news.lines += lines.len() as u64);
    }

    /// Number of the line after `place`: the first one if that is in another build's log.
    fn number_after(&self, place: Option<BuildPlace>) -> u64 {
        let Some(place) = place.filter(|place| place.build == self.build) else { return 0 };
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        place.lines.min(kept.gone + kept.lines.len() as u64)
    }

    /// Lines from the one with this number on, and how many before them are gone.
    fn from(&self, number: u64) -> (u64, Vec<LogLine>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = kept.gone.saturating_sub(number);
        let skip = number.saturating_sub(kept.gone) as usize;
        (missed, kept.lines.iter().skip(skip).cloned().collect())
    }
}

/// What a kept line costs; an empty one is not free.
fn size(line: &LogLine) -> usize {
    size_of::<LogLine>() + line.text.len()
}

struct Follower {
    functions: Functions,
    scope: Scope,
    key: Key,
    after: Option<BuildPlace>,
    live: Option<(Arc<Live>, watch::Receiver<News>)>,
    /// Number of the next line.
    next: u64,
    ready: VecDeque<BuildEvent>,
    over: bool,
}

impl Functions {
    /// The lines of a version's build as they come, those that were printed before first (from
    /// `after` on), and how it ended. Of a build that has ended already, what is stored of it.
    pub async fn follow_build(
        &self,
        scope: &Scope,
        name: &FunctionName,
        number: u32,
        after: Option<BuildPlace>,
    ) -> FaultResult<BuildEvents> {
        let found = self.get_version(scope, name, &Qualifier::Number(number)).await?;
        let follower = Follower {
            functions: self.clone(),
            scope: scope.clone(),
            key: (found.function.id, number),
            after,
            live: None,
            next: 0,
            ready: VecDeque::new(),
            over: false,
        };
        Ok(Box::pin(futures::stream::unfold(follower, |mut follower| async move {
            let item = follower.next().await?;
            Some((item, follower))
        })))
    }

    /// What a build that runs in this process printed so far.
    pub fn build_so_far(&self, function: &FunctionId, number: u32) -> Option<String> {
        let live = self.inner.live.get(&(function.clone(), number))?;
        let (_, lines) = live.from(0);
        Some(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n"))
    }
}

impl Follower {
    async fn next(&mut self) -> Option<FaultResult<BuildEvent>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.over {
                return None;
            }
            if let Err(fault) = self.look().await {
                self.over = true;
                return Some(Err(fault));
            }
        }
    }

    /// Waits for something, and makes it ready.
    async fn look(&mut self) -> FaultResult<()> {
        if self.live.is_none() {
            let live = self.functions.inner.live.get(&self.key);
            self.next = live.as_ref().map_or(0, |live| live.number_after(self.after));
            self.live = live.map(|live| (live.clone(), live.news.subscribe()));
        }
        if let Some((live, news)) = &mut self.live {
            let over = news.borrow_and_update().over;
            let (missed, lines) = live.from(self.next);
            self.next += missed;
            if missed > 0 {
                let place = BuildPlace { build: live.build, lines: self.next };
                self.ready.push_back(BuildEvent::Missed(place, missed));
            }
            for line in lines {
                self.next += 1;
                self.ready
                    .push_back(BuildEvent::Line(BuildPlace { build: live.build, lines: self.next }, line));
            }
            if over {
                self.live = None;
                return self.finish().await;
            }
            if self.ready.is_empty() {
                // Its sender lives as long as `live` does.
                let _ = news.changed().await;
            }
            return Ok(());
        }
        self.finish().await
    }

    /// Says how the build ended, if it has.
    async fn finish(&mut self) -> FaultResult<()> {
        let versions = self.functions.inner.store.versions();
        let build = versions.get(&self.scope, &self.key.0, self.key.1).await?.build;
        if matches!(build.status, CompileStatus::Pending | CompileStatus::Compiling) {
            tokio::time::sleep(POLL).await;
        } else {
            self.ready.push_back(BuildEvent::Ended(build));
            self.over = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use nova_domain::log::LogStream;

    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine { at: Timestamp::from_micros(1), stream: LogStream::Stderr, text: text.to_owned() }
    }

    #[test]
    fn a_running_log_keeps_its_end_and_tells_how_much_is_gone() {
        let live = Live::default();
        live.add(&[line("a"), line("b")]);
        assert_eq!(live.from(1), (0, vec![line("b")]));
        let long = "x".repeat(KEPT_MAX / 2);
        live.add(&[line(&long), line(&long), line("end")]);
        let (missed, lines) = live.from(0);
        assert_eq!(missed, 3);
        assert_eq!(lines.last(), Some(&line("end")));
        assert!(lines.iter().map(|line| line.text.len()).sum::<usize>() <= KEPT_MAX);
        assert_eq!(live.from(99), (0, Vec::new()));
        live.add(&vec![line(""); KEPT_MAX]);
        assert!(live.from(0).1.len() < KEPT_MAX / size_of::<LogLine>() + 1, "empty lines count");
    }

    #[test]
    fn a_place_is_found_in_the_log_of_its_own_build_only() {
        let live = Live { build: 7, ..Live::default() };
        live.add(&[line("a"), line("b")]);
        let after = |text: &str| live.number_after(Some(BuildPlace::parse(text).expect("a place")));
        assert_eq!((live.number_after(None), after("7-1"), after("7-2")), (0, 1, 2));
        assert_eq!((after("6-1"), after("7-99")), (0, 2));
        assert_eq!(BuildPlace::parse("7-1").expect("a place").to_string(), "7-1");
        for bad in ["", "7", "-", "7-", "7-x", "x-1", "7-1-1", "7--1"] {
            assert!(BuildPlace::parse(bad).is_err(), "{bad:?}");
        }
    }
}
