//! Following a function's log: read from the store by cursor, woken by the sink.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use nova_domain::{FaultResult, FunctionId, Scope};
use nova_store::Store;
use nova_store::repo::log::{LINES_MAX, LogCursor, RecordedLine};
use tokio::sync::broadcast;

use crate::queries::LogQuery;

/// Lines as they come. Ends only with an error, or when it is dropped.
pub type LineStream = Pin<Box<dyn Stream<Item = FaultResult<RecordedLine>> + Send>>;

/// Lines that another node stored come without news: look every so often.
const POLL: Duration = Duration::from_secs(2);

struct Follower {
    store: Store,
    scope: Scope,
    function: FunctionId,
    query: LogQuery,
    cursor: Option<LogCursor>,
    news: broadcast::Receiver<Arc<[FunctionId]>>,
    ready: std::collections::VecDeque<RecordedLine>,
    more: bool,
    failed: bool,
}

pub(crate) fn start(
    store: Store,
    scope: Scope,
    function: FunctionId,
    query: LogQuery,
    news: broadcast::Receiver<Arc<[FunctionId]>>,
) -> LineStream {
    let follower = Follower {
        store,
        scope,
        function,
        cursor: query.after,
        query,
        news,
        ready: std::collections::VecDeque::new(),
        more: true,
        failed: false,
    };
    Box::pin(futures::stream::unfold(follower, |mut follower| async move {
        let item = follower.next().await?;
        Some((item, follower))
    }))
}

impl Follower {
    async fn next(&mut self) -> Option<FaultResult<RecordedLine>> {
        if self.failed {
            return None;
        }
        loop {
            if let Some(line) = self.ready.pop_front() {
                if self.query.run.as_ref().is_some_and(|run| *run != line.run) {
                    continue;
                }
                return Some(Ok(line));
            }
            if !self.more {
                self.wait().await;
            }
            if let Err(fault) = self.read().await {
                self.failed = true;
                return Some(Err(fault));
            }
        }
    }

    /// Reads what is there after the cursor; the first time the tail that was asked for.
    async fn read(&mut self) -> FaultResult<()> {
        let logs = self.store.logs();
        let page = match self.cursor {
            Some(cursor) => {
                logs.after(&self.scope, &self.function, cursor, self.query.since, LINES_MAX).await?
            }
            None if self.query.since.is_some() => {
                logs.after(&self.scope, &self.function, LogCursor::START, self.query.since, LINES_MAX).await?
            }
            None => {
                // The end of the log is also where following begins.
                let tail = self.query.tail.unwrap_or(10);
                let mut page = logs.tail(&self.scope, &self.function, tail.clamp(1, LINES_MAX)).await?;
                if tail == 0 {
                    page.lines.clear();
                }
                page
            }
        };
        self.cursor = Some(page.next);
        self.more = page.more;
        self.ready.extend(page.lines);
        Ok(())
    }

    async fn wait(&mut self) {
        let function = self.function.clone();
        let news = async {
            loop {
                match self.news.recv().await {
                    Ok(functions) if functions.contains(&function) => return,
                    Ok(_) => {}
                    // Too slow to hear each: something may have been ours.
                    Err(broadcast::error::RecvError::Lagged(_)) => return,
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let _ = tokio::time::timeout(POLL, news).await;
    }
}
