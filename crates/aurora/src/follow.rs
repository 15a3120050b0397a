//! Following a function's log: lines of calls that run as they are printed, all others from the
//! store by cursor. Each line once: of lines that were shown while the call ran it is counted how
//! many there were, and as many are left out when they come out of the store.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use futures::Stream;
use nova_domain::log::LogLine;
use nova_domain::{Fault, FaultResult, FunctionId, RunId, Scope};
use nova_store::Store;
use nova_store::repo::log::{LINES_MAX, LogCursor, RecordedLine};
use tokio::sync::broadcast;

use crate::queries::LogQuery;
use crate::sink::Sink;

/// Lines as they come. Ends only with an error, or when it is dropped.
pub type LineStream = Pin<Box<dyn Stream<Item = FaultResult<FollowedLine>> + Send>>;

/// Lines that another node stored come without news: look every so often.
const POLL: Duration = Duration::from_secs(2);
/// Calls whose lines were shown and that are not in the store yet. Of more than that, those whose
/// lines came longest ago may be shown twice.
const SEEN_MAX: usize = 1000;
/// As many of them are in the text of a place.
const SEEN_TEXT_MAX: usize = 16;
/// Lines of running calls that are taken at once.
const LIVE_MAX: usize = 500;

/// A line, and the place after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedLine {
    pub place: LogPlace,
    pub run: RunId,
    pub line: LogLine,
}

/// A place in a log that is followed: after a stored line, and after some lines of calls whose
/// lines were not in the store then. Text form: the cursor of the line, then `~run.count` for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPlace {
    /// After this stored line.
    pub after: LogCursor,
    /// How many lines of which calls were seen beyond that, the latest last.
    seen: Vec<(RunId, u32)>,
}

impl From<LogCursor> for LogPlace {
    fn from(after: LogCursor) -> Self {
        Self { after, seen: Vec::new() }
    }
}

impl LogPlace {
    /// Parses the text form.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = || LogCursor::parse("-").err().unwrap_or_else(|| Fault::invalid("the cursor is no cursor"));
        let mut parts = text.split('~');
        let after = LogCursor::parse(parts.next().unwrap_or_default())?;
        let mut seen = Vec::new();
        for part in parts {
            let (run, count) = part.rsplit_once('.').ok_or_else(bad)?;
            let run = RunId::new(run).map_err(|_| bad())?;
            let count = count.parse().ok().filter(|count| *count > 0).ok_or_else(bad)?;
            if seen.len() == SEEN_TEXT_MAX || seen.iter().any(|(other, _)| *other == run) {
                return Err(bad());
            }
            seen.push((run, count));
        }
        Ok(Self { after, seen })
    }

    fn seen(&self, run: &RunId) -> usize {
        self.seen.iter().find(|(other, _)| other == run).map_or(0, |(_, count)| *count as usize)
    }

    /// A line of a call that runs was shown.
    fn add(&mut self, run: &RunId) {
        let count = match self.seen.iter().position(|(other, _)| other == run) {
            Some(index) => self.seen.remove(index).1,
            None => 0,
        };
        if self.seen.len() == SEEN_MAX {
            self.seen.remove(0);
        }
        self.seen.push((run.clone(), count.saturating_add(1)));
    }

    /// A line came out of the store. Whether it was shown before.
    fn pass(&mut self, line: &RecordedLine) -> bool {
        self.after = line.cursor;
        let Some(index) = self.seen.iter().position(|(run, _)| *run == line.run) else { return false };
        self.seen[index].1 -= 1;
        if self.seen[index].1 == 0 {
            self.seen.remove(index);
        }
        true
    }

    /// What of it goes into its text.
    fn short(&self) -> Self {
        let from = self.seen.len().saturating_sub(SEEN_TEXT_MAX);
        Self { after: self.after, seen: self.seen[from..].to_vec() }
    }
}

impl fmt::Display for LogPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.after.fmt(f)?;
        let from = self.seen.len().saturating_sub(SEEN_TEXT_MAX);
        self.seen[from..].iter().try_for_each(|(run, count)| write!(f, "~{run}.{count}"))
    }
}

struct Follower {
    store: Store,
    sink: Sink,
    scope: Scope,
    function: FunctionId,
    query: LogQuery,
    /// Nothing was read yet, and no place to begin at was given.
    fresh: bool,
    place: LogPlace,
    news: broadcast::Receiver<crate::live::News>,
    ready: VecDeque<FollowedLine>,
    /// There may be lines in the store.
    stored: bool,
    failed: bool,
}

/// Begins at the place that the query names; where that is the end, the end as it is now.
pub(crate) async fn start(
    store: Store,
    sink: Sink,
    scope: Scope,
    function: FunctionId,
    query: LogQuery,
) -> FaultResult<LineStream> {
    let mut follower = Follower {
        store,
        news: sink.live().subscribe(),
        sink,
        scope,
        function,
        fresh: query.after.is_none(),
        place: query.after.clone().unwrap_or_default(),
        query,
        ready: VecDeque::new(),
        stored: true,
        failed: false,
    };
    follower.read().await?;
    Ok(Box::pin(futures::stream::unfold(follower, |mut follower| async move {
        let item = follower.next().await?;
        Some((item, follower))
    })))
}

impl Follower {
    async fn next(&mut self) -> Option<FaultResult<FollowedLine>> {
        if self.failed {
            return None;
        }
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(Ok(line));
            }
            if self.stored {
                if let Err(fault) = self.read().await {
                    self.failed = true;
                    return Some(Err(fault));
                }
                continue;
            }
            self.listen();
            if self.ready.is_empty() {
                self.wait().await;
            }
        }
    }

    /// Reads what is stored after the place; the first time the tail that was asked for.
    async fn read(&mut self) -> FaultResult<()> {
        let logs = self.store.logs();
        let since = self.query.since;
        let page = if self.fresh && since.is_none() {
            // The end of the log is also where following begins.
            let tail = self.query.tail.unwrap_or(10);
            let mut page = logs.tail(&self.scope, &self.function, tail.clamp(1, LINES_MAX)).await?;
            if tail == 0 {
                page.lines.clear();
            }
            page
        } else {
            logs.after(&self.scope, &self.function, self.place.after, since, LINES_MAX).await?
        };
        self.fresh = false;
        self.stored = page.more;
        for line in page.lines {
            if !self.place.pass(&line) && self.wants(&line.run) {
                let place = self.place.short();
                self.ready.push_back(FollowedLine { place, run: line.run, line: line.line });
            }
        }
        self.place.after = page.next;
        Ok(())
    }

    fn wants(&self, run: &RunId) -> bool {
        self.query.run.as_ref().is_none_or(|wanted| wanted == run)
    }

    /// Takes what running calls have printed since.
    fn listen(&mut self) {
        let since = self.query.since;
        let wanted =
            |run: &RunId, line: &LogLine| self.wants(run) && since.is_none_or(|since| line.at >= since);
        let lines = self.sink.live().lines(&self.function, wanted, |run| self.place.seen(run), LIVE_MAX);
        for (run, line) in lines {
            self.place.add(&run);
            self.ready.push_back(FollowedLine { place: self.place.short(), run, line: (*line).clone() });
        }
    }

    async fn wait(&mut self) {
        let function = self.function.clone();
        let news = async {
            loop {
                match self.news.recv().await {
                    Ok(news) if news.functions.contains(&function) => return news.stored,
                    Ok(_) => {}
                    // Too slow to hear each: something may have been ours.
                    Err(broadcast::error::RecvError::Lagged(_)) => return true,
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        self.stored = tokio::time::timeout(POLL, news).await.unwrap_or(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> RunId {
        RunId::new(text).expect("an id")
    }

    #[test]
    fn the_text_of_a_place_says_all_of_it() {
        let mut place = LogPlace::from(LogCursor::parse("12").expect("a cursor"));
        assert_eq!(place.to_string(), "12");
        for id in ["a-1", "b", "a-1"] {
            place.add(&run(id));
        }
        assert_eq!(place.to_string(), "12~b.1~a-1.2");
        assert_eq!(LogPlace::parse(&place.to_string()).expect("parses"), place);
    }

    #[test]
    fn the_text_of_a_place_is_bounded_and_names_what_came_last() {
        let mut place = LogPlace::default();
        for n in 0..2000 {
            place.add(&run(&format!("r{n}")));
        }
        assert_eq!(place.seen.len(), SEEN_MAX);
        let text = LogPlace::parse(&place.to_string()).expect("parses");
        assert_eq!((text.seen.len(), text.seen(&run("r1999"))), (SEEN_TEXT_MAX, 1));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let many = format!("1{}", (0..17).map(|n| format!("~r{n}.1")).collect::<String>());
        for text in ["", "x", "-1", "1~", "1~a", "1~a.0", "1~a.-1", "1~.1", "1~a.1~a.2", "1~a b.1", &many] {
            assert!(LogPlace::parse(text).is_err(), "{text}");
        }
    }
}
