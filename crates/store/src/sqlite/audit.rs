//! The audit log on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::audit::{AuditFilter, AuditOutcome, Chain, Change, Entry, Head, Verification};
use nova_domain::{Code, FaultResult, Timestamp};
use rusqlite::{Connection, Row, params};

use super::file::File;
use super::query::{execute, many, one};
use crate::System;
use crate::audit::{Draft, Walk, draft_of_note, genesis};
use crate::error::StoreResult;
use crate::page::{Page, PageRequest, bad_cursor};
use crate::repo::Audit;
use crate::repo::audit::{WALK_PAGE, no_such_entry};
use crate::rows::{AuditRow, paths, to_i64, to_u64};
use crate::statement::statements;

/// Columns of an entry, in the order of [`audit_row`].
macro_rules! audit_columns {
    () => {
        "tenant_id, seq, at, actor_kind, actor_id, actor_name, credential, address, request_id, action, \
         operation, namespace, resource_kind, resource_name, outcome, error, changed, before, after, \
         previous, hash"
    };
}

statements! {
    HEAD = "SELECT seq, hash FROM audit_heads WHERE tenant_id = ?1";
    FIRST_HEAD = "INSERT INTO audit_heads (tenant_id, seq, hash) VALUES (?1, 0, ?2)";
    INSERT = "INSERT INTO audit_entries (", audit_columns!(), ") VALUES \
              (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
    MOVE_HEAD = "UPDATE audit_heads SET seq = ?2, hash = ?3 WHERE tenant_id = ?1";
    GET = "SELECT ", audit_columns!(), " FROM audit_entries WHERE tenant_id = ?1 AND seq = ?2";
    LIST = "SELECT ", audit_columns!(), " FROM audit_entries \
            WHERE tenant_id = ?1 AND seq < ?2 \
              AND (?3 IS NULL OR actor_id = ?3 OR actor_name = ?3) \
              AND (?4 IS NULL OR action = ?4 OR operation = ?4) \
              AND (?5 IS NULL OR resource_kind = ?5) AND (?6 IS NULL OR resource_name = ?6) \
              AND (?7 IS NULL OR outcome = ?7) AND at >= ?8 AND at < ?9 \
            ORDER BY seq DESC LIMIT ?10";
    CHAINS = "SELECT tenant_id FROM audit_heads UNION SELECT tenant_id FROM audit_entries LIMIT 100000";
    WALK = "SELECT ", audit_columns!(), " FROM audit_entries WHERE tenant_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
}

fn audit_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        chain: row.get(0)?,
        seq: row.get(1)?,
        at: row.get(2)?,
        actor: (row.get(3)?, row.get(4)?, row.get(5)?),
        credential: row.get(6)?,
        address: row.get(7)?,
        request_id: row.get(8)?,
        action: row.get(9)?,
        operation: row.get(10)?,
        namespace: row.get(11)?,
        resource: (row.get(12)?, row.get(13)?),
        outcome: row.get(14)?,
        error: row.get(15)?,
        changed: row.get(16)?,
        before: row.get(17)?,
        after: row.get(18)?,
        previous: row.get(19)?,
        hash: row.get(20)?,
    })
}

fn head(connection: &Connection, chain: &str) -> StoreResult<Option<Head>> {
    one(connection, HEAD, [chain], |row| Ok(Head { seq: to_u64(row.get(0)?), hash: row.get(1)? }))
}

/// Appends an entry within the transaction of its change. There is one writer, so nobody comes between.
pub(super) fn append(connection: &Connection, draft: &Draft) -> StoreResult<()> {
    let chain = draft.chain.as_str();
    let last = match head(connection, chain)? {
        Some(head) => head,
        None => {
            execute(connection, FIRST_HEAD, params![chain, genesis()])?;
            Head { seq: 0, hash: genesis() }
        }
    };
    let entry = draft.place(last.seq, &last.hash);
    let values = params![
        chain,
        to_i64(entry.seq),
        entry.at.as_micros(),
        entry.actor.kind.as_str(),
        entry.actor.id,
        entry.actor.name,
        entry.actor.credential,
        entry.address,
        entry.request_id,
        entry.action,
        entry.operation,
        entry.namespace,
        entry.resource.kind,
        entry.resource.name,
        entry.outcome.as_str(),
        entry.error,
        paths(&entry.changed),
        entry.before,
        entry.after,
        entry.previous,
        entry.hash,
    ];
    execute(connection, INSERT, values)?;
    execute(connection, MOVE_HEAD, params![chain, to_i64(entry.seq), entry.hash]).map(drop)
}

/// The audit log in `nova.db`.
pub(super) struct SqliteAudit(pub(super) Arc<File>);

impl SqliteAudit {
    async fn head(&self, chain: &Chain) -> FaultResult<Option<Head>> {
        let chain = chain.clone();
        self.0.read("audit.head", move |connection| head(connection, chain.as_str())).await
    }
}

#[async_trait]
impl Audit for SqliteAudit {
    async fn list(
        &self,
        chain: &Chain,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> FaultResult<Page<Entry>> {
        let before = match page.keys::<1>()? {
            Some([seq]) => seq.parse().map_err(|_| bad_cursor())?,
            None => i64::MAX,
        };
        let (chain, filter, page) = (chain.clone(), filter.clone(), page.clone());
        self.0
            .read("audit.list", move |connection| {
                let key = params![
                    chain.as_str(),
                    before,
                    filter.actor,
                    filter.action,
                    filter.resource_kind,
                    filter.resource_name,
                    filter.outcome.map(AuditOutcome::as_str),
                    filter.since.map_or(i64::MIN, Timestamp::as_micros),
                    filter.until.map_or(i64::MAX, Timestamp::as_micros),
                    page.fetch(),
                ];
                let rows = many(connection, LIST, key, audit_row)?;
                let items = rows.into_iter().map(AuditRow::into_entry).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Entry| [item.seq.to_string()]))
            })
            .await
    }

    async fn get(&self, chain: &Chain, seq: u64) -> FaultResult<Entry> {
        let chain = chain.clone();
        self.0
            .read("audit.get", move |connection| {
                let row = one(connection, GET, params![chain.as_str(), to_i64(seq)], audit_row)?;
                row.ok_or_else(|| no_such_entry(seq))?.into_entry()
            })
            .await
    }

    async fn verify(&self, chain: &Chain, anchor: Option<Head>) -> FaultResult<Verification> {
        let stored = self.head(chain).await?;
        let mut walk = Walk::new(chain.clone(), anchor);
        loop {
            let (named, from) = (chain.clone(), to_i64(walk.seq()));
            let rows = self
                .0
                .read("audit.walk", move |connection| {
                    many(connection, WALK, params![named.as_str(), from, WALK_PAGE], audit_row)
                })
                .await?;
            if !walk.page(rows, stored.as_ref()) {
                return Ok(walk.end(stored.as_ref(), self.head(chain).await?.as_ref()));
            }
        }
    }

    async fn chains(&self, _: &System) -> FaultResult<Vec<Chain>> {
        self.0
            .read("audit.chains", move |connection| {
                let names: Vec<String> = many(connection, CHAINS, [], |row| row.get(0))?;
                Ok(names.iter().map(|name| Chain::parse(name)).collect::<FaultResult<_>>()?)
            })
            .await
    }

    async fn note(
        &self,
        change: Option<&Change>,
        outcome: AuditOutcome,
        code: Option<Code>,
    ) -> FaultResult<()> {
        let draft = draft_of_note(change, outcome, code);
        self.0.write_plain("audit.note", move |connection| append(connection, &draft)).await
    }
}
