//! The audit log on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::audit::{AuditFilter, AuditOutcome, Chain, Change, Entry, Head, Verification};
use nova_domain::{Code, FaultResult, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::ENGINE;
use super::database::{Access, Database, Write};
use crate::System;
use crate::audit::{Draft, Walk, draft_of_note, genesis};
use crate::error::StoreResult;
use crate::observe::observed;
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
    HEAD = "SELECT seq, hash FROM audit_heads WHERE tenant_id = $1";
    /// Whoever writes next in this chain waits here until this transaction has ended.
    LOCK_HEAD = "SELECT seq, hash FROM audit_heads WHERE tenant_id = $1 FOR UPDATE";
    FIRST_HEAD = "INSERT INTO audit_heads (tenant_id, seq, hash) VALUES ($1, 0, $2) ON CONFLICT (tenant_id) DO NOTHING";
    INSERT = "INSERT INTO audit_entries (", audit_columns!(), ") VALUES \
              ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    MOVE_HEAD = "UPDATE audit_heads SET seq = $2, hash = $3 WHERE tenant_id = $1";
    GET = "SELECT ", audit_columns!(), " FROM audit_entries WHERE tenant_id = $1 AND seq = $2";
    LIST = "SELECT ", audit_columns!(), " FROM audit_entries \
            WHERE tenant_id = $1 AND seq < $2 \
              AND ($3::text IS NULL OR actor_id = $3 OR actor_name = $3) \
              AND ($4::text IS NULL OR action = $4 OR operation = $4) \
              AND ($5::text IS NULL OR resource_kind = $5) AND ($6::text IS NULL OR resource_name = $6) \
              AND ($7::text IS NULL OR outcome = $7) AND at >= $8 AND at < $9 \
            ORDER BY seq DESC LIMIT $10";
    CHAINS = "SELECT tenant_id FROM audit_heads UNION SELECT tenant_id FROM audit_entries ORDER BY tenant_id LIMIT 100000";
    WALK = "SELECT ", audit_columns!(), " FROM audit_entries WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
}

fn audit_row(row: &Row) -> StoreResult<AuditRow> {
    Ok(AuditRow {
        chain: row.try_get(0)?,
        seq: row.try_get(1)?,
        at: row.try_get(2)?,
        actor: (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?),
        credential: row.try_get(6)?,
        address: row.try_get(7)?,
        request_id: row.try_get(8)?,
        action: row.try_get(9)?,
        operation: row.try_get(10)?,
        namespace: row.try_get(11)?,
        resource: (row.try_get(12)?, row.try_get(13)?),
        outcome: row.try_get(14)?,
        error: row.try_get(15)?,
        changed: row.try_get(16)?,
        before: row.try_get(17)?,
        after: row.try_get(18)?,
        previous: row.try_get(19)?,
        hash: row.try_get(20)?,
    })
}

fn head_row(row: &Row) -> StoreResult<Head> {
    Ok(Head { seq: to_u64(row.try_get(0)?), hash: row.try_get(1)? })
}

/// What may see a chain.
fn access(chain: &Chain) -> Access<'_> {
    match chain {
        Chain::Server => Access::System,
        Chain::Tenant(tenant) => Access::Of(tenant),
    }
}

/// Appends an entry as the last thing of the transaction of its change. The lock on the head is
/// taken after all other locks of the transaction, and held only until its commit.
pub(super) async fn append(write: &Write<'_>, draft: &Draft) -> StoreResult<()> {
    let chain = draft.chain.as_str();
    let last = match write.one(LOCK_HEAD, &[&chain]).await? {
        Some(row) => head_row(&row)?,
        None => {
            // Two may begin a chain at once: one inserts, the other waits for it here.
            write.execute(FIRST_HEAD, &[&chain, &genesis()]).await?;
            match write.one(LOCK_HEAD, &[&chain]).await? {
                Some(row) => head_row(&row)?,
                None => return Err(nova_domain::Fault::internal("the head of an audit log is gone").into()),
            }
        }
    };
    let entry = draft.place(last.seq, &last.hash);
    let values: [&(dyn ToSql + Sync); 21] = [
        &chain,
        &to_i64(entry.seq),
        &entry.at.as_micros(),
        &entry.actor.kind.as_str(),
        &entry.actor.id,
        &entry.actor.name,
        &entry.actor.credential,
        &entry.address,
        &entry.request_id,
        &entry.action,
        &entry.operation,
        &entry.namespace,
        &entry.resource.kind,
        &entry.resource.name,
        &entry.outcome.as_str(),
        &entry.error,
        &paths(&entry.changed),
        &entry.before,
        &entry.after,
        &entry.previous,
        &entry.hash,
    ];
    write.execute(INSERT, &values).await?;
    write.execute(MOVE_HEAD, &[&chain, &to_i64(entry.seq), &entry.hash]).await.map(drop)
}

/// The audit log in PostgreSQL.
pub(super) struct PostgresAudit(pub(super) Arc<Database>);

impl PostgresAudit {
    async fn head(&self, chain: &Chain) -> FaultResult<Option<Head>> {
        observed(ENGINE, "audit.head", async {
            let rows = self.0.read(access(chain), HEAD, &[&chain.as_str()]).await?;
            rows.first().map(head_row).transpose()
        })
        .await
    }
}

#[async_trait]
impl Audit for PostgresAudit {
    async fn list(
        &self,
        chain: &Chain,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> FaultResult<Page<Entry>> {
        let before: i64 = match page.keys::<1>()? {
            Some([seq]) => seq.parse().map_err(|_| bad_cursor())?,
            None => i64::MAX,
        };
        observed(ENGINE, "audit.list", async {
            let outcome = filter.outcome.map(AuditOutcome::as_str);
            let since = filter.since.map_or(i64::MIN, Timestamp::as_micros);
            let until = filter.until.map_or(i64::MAX, Timestamp::as_micros);
            let key: [&(dyn ToSql + Sync); 10] = [
                &chain.as_str(),
                &before,
                &filter.actor,
                &filter.action,
                &filter.resource_kind,
                &filter.resource_name,
                &outcome,
                &since,
                &until,
                &page.fetch(),
            ];
            let rows = self.0.read(access(chain), LIST, &key).await?;
            let items = rows.iter().map(|row| audit_row(row)?.into_entry()).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Entry| [item.seq.to_string()]))
        })
        .await
    }

    async fn get(&self, chain: &Chain, seq: u64) -> FaultResult<Entry> {
        observed(ENGINE, "audit.get", async {
            let rows = self.0.read(access(chain), GET, &[&chain.as_str(), &to_i64(seq)]).await?;
            audit_row(rows.first().ok_or_else(|| no_such_entry(seq))?)?.into_entry()
        })
        .await
    }

    async fn verify(&self, chain: &Chain, anchor: Option<Head>) -> FaultResult<Verification> {
        let stored = self.head(chain).await?;
        let mut walk = Walk::new(chain.clone(), anchor);
        loop {
            let rows = observed(ENGINE, "audit.walk", async {
                let key: [&(dyn ToSql + Sync); 3] = [&chain.as_str(), &to_i64(walk.seq()), &WALK_PAGE];
                let rows = self.0.read(access(chain), WALK, &key).await?;
                rows.iter().map(audit_row).collect::<StoreResult<Vec<_>>>()
            })
            .await?;
            if !walk.page(rows, stored.as_ref()) {
                return Ok(walk.end(stored.as_ref(), self.head(chain).await?.as_ref()));
            }
        }
    }

    async fn chains(&self, _: &System) -> FaultResult<Vec<Chain>> {
        observed(ENGINE, "audit.chains", async {
            let rows = self.0.read(Access::System, CHAINS, &[]).await?;
            rows.iter().map(|row| Ok(Chain::parse(row.try_get(0)?)?)).collect()
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
        observed(ENGINE, "audit.note", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, access(&draft.chain)).await?;
            append(&write, &draft).await?;
            write.commit_plain().await
        })
        .await
    }
}
