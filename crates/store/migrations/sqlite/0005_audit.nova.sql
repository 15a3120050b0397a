-- Who changed what. `tenant_id` names the chain; `*` is the server's own.
CREATE TABLE audit_entries (
    tenant_id     TEXT NOT NULL,
    seq           INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    actor_kind    TEXT NOT NULL,
    actor_id      TEXT NOT NULL,
    actor_name    TEXT NOT NULL,
    credential    TEXT,
    address       TEXT,
    request_id    TEXT,
    action        TEXT NOT NULL,
    operation     TEXT NOT NULL,
    namespace     TEXT,
    resource_kind TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    error         TEXT,
    -- JSON: list of dotted paths.
    changed       TEXT NOT NULL,
    -- JSON, without secrets.
    before        TEXT,
    after         TEXT,
    -- SHA-256, hex: of the entry before, and of this one with it.
    previous      TEXT NOT NULL,
    hash          TEXT NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) STRICT, WITHOUT ROWID;

-- The last entry of each chain: without it, entries could be cut off at the end.
CREATE TABLE audit_heads (
    tenant_id TEXT PRIMARY KEY NOT NULL,
    seq       INTEGER NOT NULL,
    hash      TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_entries_remain BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_heads_remain BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_heads_go_on BEFORE UPDATE ON audit_heads
WHEN NEW.tenant_id <> OLD.tenant_id OR NEW.seq <> OLD.seq + 1
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
