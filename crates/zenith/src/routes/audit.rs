//! `/audit`: who changed what.

use axum::extract::State;
use nova_api::v1::{AuditVerification, AuditView, Page};
use nova_domain::access::Permission;
use nova_domain::audit::{AuditFilter, AuditOutcome, Chain, Head};
use nova_domain::{Fault, FaultResult};

use super::access::whose;
use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query, cut};
use crate::refused::Answer;
use crate::routes::answer;

fn chain_of(ctx: &Ctx, query: &Query) -> FaultResult<Chain> {
    Ok(Chain::of(whose(ctx, query, Permission::AuditRead)?))
}

pub(crate) async fn list(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let chain = chain_of(&ctx, &query)?;
    let clock = &*app.parts().clock;
    let text = |name: &str| query.get(name).map(str::to_owned);
    let (resource_kind, resource_name) = match query.get("resource").map(|text| text.split_once(':')) {
        Some(Some((kind, name))) => (Some(kind.to_owned()), Some(name.to_owned())),
        Some(None) => (text("resource"), None),
        None => (None, None),
    };
    let filter = AuditFilter {
        actor: text("actor"),
        action: text("action"),
        resource_kind,
        resource_name,
        outcome: query.get("outcome").map(outcome).transpose()?,
        since: query.time("since", clock)?,
        until: query.time("until", clock)?,
    };
    let page = app.audit().list(ctx.caller()?, &chain, filter, &query.page()?).await?;
    let items = page.items.into_iter().map(AuditView::from).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

fn outcome(text: &str) -> FaultResult<AuditOutcome> {
    AuditOutcome::parse(text).map_err(|fault| {
        let message = fault.message().to_owned();
        fault.with_field("outcome", message)
    })
}

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let chain = chain_of(&ctx, &query)?;
    let text = path.get("seq")?;
    let seq: u64 = text.parse().map_err(|_| {
        Fault::invalid(format!("{:?} is no entry; entries are counted from 1", cut(text)))
            .with_field("seq", "a whole number from 1")
    })?;
    answer::json(&AuditView::from(app.audit().get(ctx.caller()?, &chain, seq).await?))
}

pub(crate) async fn verify(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let chain = chain_of(&ctx, &query)?;
    let anchor = match (query.get("anchor_seq"), query.get("anchor_hash")) {
        (None, None) => None,
        (Some(seq), Some(hash)) => {
            let seq = seq.parse().ok().filter(|seq| *seq > 0);
            let hash = (hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
                .then(|| hash.to_lowercase());
            match (seq, hash) {
                (Some(seq), Some(hash)) => Some(Head { seq, hash }),
                _ => return Err(bad_anchor().into()),
            }
        }
        _ => return Err(bad_anchor().into()),
    };
    answer::json(&AuditVerification::from(app.audit().verify(&chain, anchor).await?))
}

fn bad_anchor() -> Fault {
    Fault::invalid("an anchor is `anchor_seq` (a number from 1) and `anchor_hash` (64 hex digits), as an earlier look gave them")
        .with_field("anchor_seq", "with anchor_hash")
}
