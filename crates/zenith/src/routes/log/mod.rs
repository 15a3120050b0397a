//! What functions printed.

pub(super) mod of_function;
pub(super) mod of_run;

use nova_api::v1::{LogLineView, Page};
use nova_aurora::{FollowedLine, LogCursor, LogPage, LogPlace, RecordedLine};
use nova_domain::{FaultResult, RunId};

use crate::query::Query;

fn view(recorded: RecordedLine) -> LogLineView {
    LogLineView {
        cursor: recorded.cursor.to_string(),
        at: recorded.line.at,
        stream: recorded.line.stream,
        text: recorded.line.text,
        request_id: recorded.run.into(),
    }
}

fn followed(followed: FollowedLine) -> LogLineView {
    LogLineView {
        cursor: followed.place.to_string(),
        at: followed.line.at,
        stream: followed.line.stream,
        text: followed.line.text,
        request_id: followed.run.into(),
    }
}

fn page(found: LogPage) -> Page<LogLineView> {
    let next_cursor = found.more.then(|| found.next.to_string());
    Page { items: found.lines.into_iter().map(view).collect(), next_cursor }
}

fn cursor(query: &Query) -> FaultResult<Option<LogCursor>> {
    query.get("cursor").map(LogCursor::parse).transpose()
}

fn place(query: &Query) -> FaultResult<Option<LogPlace>> {
    query.get("cursor").map(LogPlace::parse).transpose()
}

fn run(query: &Query) -> FaultResult<Option<RunId>> {
    query.get("request_id").map(RunId::new).transpose()
}
