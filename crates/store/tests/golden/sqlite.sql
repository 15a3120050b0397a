-- nova.db
CREATE INDEX aliases_due ON aliases (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX bindings_by_subject ON bindings (subject, id);
CREATE INDEX bindings_by_tenant ON bindings (tenant_id, id);
CREATE INDEX credential_secrets_key ON credential_secrets (key_id);
CREATE INDEX credentials_by_end ON credentials (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX credentials_by_owner ON credentials (owner, kind, id);
CREATE INDEX credentials_by_tenant ON credentials (tenant_id, kind, id);
CREATE INDEX functions_always_on ON functions (id) WHERE min_replicas > 0;
CREATE INDEX memberships_by_user ON memberships (user_id, tenant_id);
CREATE INDEX secrets_key ON secrets (key_id);
CREATE UNIQUE INDEX users_by_subject ON users (oidc_issuer, oidc_subject) WHERE oidc_subject IS NOT NULL;
CREATE INDEX versions_artifact ON versions (artifact) WHERE artifact IS NOT NULL;
CREATE INDEX versions_code ON versions (code);
CREATE INDEX versions_pending ON versions (function_id, number) WHERE build_status IN ('pending', 'compiling');
CREATE INDEX versions_storage ON versions (tenant_id, code, code_size);
CREATE INDEX versions_storage_part ON versions (tenant_id, namespace, code, code_size);
CREATE TABLE aliases (
    function_id TEXT NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    tenant_id   TEXT NOT NULL,
    namespace   TEXT NOT NULL,
    -- JSON document: weights, history, rollout.
    data        TEXT NOT NULL,
    -- When a running rollout is to be looked at.
    due_at      INTEGER,
    revision    INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (function_id, name)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE audit_heads (
    tenant_id TEXT PRIMARY KEY NOT NULL,
    seq       INTEGER NOT NULL,
    hash      TEXT NOT NULL
) STRICT;
CREATE TABLE bindings (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant_id  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    role       TEXT NOT NULL,
    namespaces TEXT NOT NULL,
    resources  TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE credential_secrets (
    credential_id TEXT PRIMARY KEY NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    -- Sealed with the master key `key_id`.
    sealed        BLOB NOT NULL,
    key_id        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE credentials (
    id           TEXT PRIMARY KEY NOT NULL,
    kind         TEXT NOT NULL,
    -- SHA-256 of the secret, hex.
    hash         TEXT NOT NULL UNIQUE,
    tenant_id    TEXT NOT NULL,
    -- `user:ID`, `service:ID`, or `key:` and its own id.
    owner        TEXT NOT NULL,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    -- JSON document of the kind.
    note         TEXT NOT NULL
) STRICT;
CREATE TABLE functions (
    id             TEXT PRIMARY KEY NOT NULL,
    tenant_id      TEXT NOT NULL,
    namespace      TEXT NOT NULL,
    name           TEXT NOT NULL,
    -- JSON document: description, tags, pool settings.
    data           TEXT NOT NULL,
    -- Lower-cased name, description and tags.
    search         TEXT NOT NULL,
    -- Runtime of the active version.
    runtime        TEXT NOT NULL,
    min_replicas   INTEGER NOT NULL,
    active_version INTEGER NOT NULL,
    latest_version INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    UNIQUE (tenant_id, namespace, name)
) STRICT;
CREATE TABLE memberships (
    tenant_id  TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) STRICT;
CREATE TABLE namespaces (
    tenant_id   TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT;
CREATE TABLE nova_migrations (
                 number     INTEGER PRIMARY KEY NOT NULL,
                 name       TEXT NOT NULL,
                 checksum   TEXT NOT NULL,
                 applied_at INTEGER NOT NULL
             ) STRICT;
CREATE TABLE quota_windows (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    namespace TEXT NOT NULL,
    began_at  INTEGER NOT NULL,
    window_s  INTEGER NOT NULL,
    used      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, namespace)
) STRICT;
CREATE TABLE quotas (
    tenant_id  TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    -- Empty: the whole tenant.
    namespace  TEXT NOT NULL,
    quota      TEXT NOT NULL,
    hard       INTEGER,
    soft       INTEGER,
    -- Seconds; 0 for what has no window.
    window_s   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, namespace, quota)
) STRICT;
CREATE TABLE roles (
    tenant_id   TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    -- JSON document: list of permissions.
    permissions TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT;
CREATE TABLE secrets (
    tenant_id  TEXT NOT NULL,
    namespace  TEXT NOT NULL,
    name       TEXT NOT NULL,
    -- JSON document: description, functions that may have it.
    data       TEXT NOT NULL,
    -- The value, sealed with the master key `key_id`.
    sealed     BLOB NOT NULL,
    key_id     TEXT NOT NULL,
    version    INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, namespace, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE service_accounts (
    id          TEXT PRIMARY KEY NOT NULL,
    tenant_id   TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (tenant_id, name)
) STRICT;
CREATE TABLE tenants (
    tenant_id   TEXT PRIMARY KEY NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE TABLE users (
    id           TEXT PRIMARY KEY NOT NULL,
    email        TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    -- Argon2id in PHC form; null: no password.
    password     TEXT,
    superadmin   INTEGER NOT NULL,
    disabled     INTEGER NOT NULL,
    oidc_issuer  TEXT,
    oidc_subject TEXT,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE TABLE versions (
    function_id  TEXT NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    tenant_id    TEXT NOT NULL,
    namespace    TEXT NOT NULL,
    runtime      TEXT NOT NULL,
    -- JSON document: everything that makes the version.
    spec         TEXT NOT NULL,
    code         TEXT NOT NULL,
    build_status TEXT NOT NULL,
    build_output TEXT NOT NULL,
    artifact     TEXT,
    created_at   INTEGER NOT NULL, code_size INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (function_id, number)
) STRICT;
CREATE TRIGGER audit_entries_remain BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_heads_go_on BEFORE UPDATE ON audit_heads
WHEN NEW.tenant_id <> OLD.tenant_id OR NEW.seq <> OLD.seq + 1
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_heads_remain BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- work.db
CREATE INDEX jobs_by_function ON jobs (tenant_id, namespace, function_id, created_at, id);
CREATE INDEX jobs_by_scope ON jobs (tenant_id, namespace, created_at, id);
CREATE INDEX jobs_by_status ON jobs (tenant_id, namespace, status, created_at, id);
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_once ON jobs (tenant_id, namespace, function_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_open ON jobs (tenant_id) WHERE due_at IS NOT NULL;
CREATE TABLE job_payloads (
    job_id  TEXT PRIMARY KEY NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    payload TEXT NOT NULL
) STRICT;
CREATE TABLE jobs (
    id              TEXT PRIMARY KEY NOT NULL,
    tenant_id       TEXT NOT NULL,
    namespace       TEXT NOT NULL,
    function_id     TEXT NOT NULL,
    function        TEXT NOT NULL,
    status          TEXT NOT NULL,
    -- When somebody has to look at it: the next attempt, or the end of the lease; NULL when it has ended.
    due_at          INTEGER,
    -- Grows with each attempt.
    fence           INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    ended_at        INTEGER,
    idempotency_key TEXT,
    -- JSON document.
    data            TEXT NOT NULL
) STRICT;
CREATE TABLE nova_migrations (
                 number     INTEGER PRIMARY KEY NOT NULL,
                 name       TEXT NOT NULL,
                 checksum   TEXT NOT NULL,
                 applied_at INTEGER NOT NULL
             ) STRICT;

-- log.db
CREATE INDEX log_lines_by_function ON log_lines (tenant_id, namespace, function_id);
CREATE INDEX log_lines_by_run ON log_lines (run_id);
CREATE INDEX log_lines_by_time ON log_lines (tenant_id, namespace, function_id, at);
CREATE INDEX runs_by_age ON runs (started_at);
CREATE INDEX runs_by_function ON runs (tenant_id, namespace, function_id, started_at, id);
CREATE INDEX runs_by_scope ON runs (tenant_id, namespace, started_at, id);
CREATE TABLE log_lines (
    -- The order in which lines were stored; a number is never used twice.
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    tenant_id   TEXT NOT NULL,
    namespace   TEXT NOT NULL,
    function_id TEXT NOT NULL,
    at          INTEGER NOT NULL,
    stream      TEXT NOT NULL,
    text        TEXT NOT NULL
) STRICT;
CREATE TABLE nova_migrations (
                 number     INTEGER PRIMARY KEY NOT NULL,
                 name       TEXT NOT NULL,
                 checksum   TEXT NOT NULL,
                 applied_at INTEGER NOT NULL
             ) STRICT;
CREATE TABLE runs (
    id           TEXT PRIMARY KEY NOT NULL,
    tenant_id    TEXT NOT NULL,
    namespace    TEXT NOT NULL,
    function_id  TEXT NOT NULL,
    function     TEXT NOT NULL,
    version      INTEGER NOT NULL,
    source       TEXT NOT NULL,
    status       TEXT NOT NULL,
    started_at   INTEGER NOT NULL,
    duration_us  INTEGER NOT NULL,
    queue_us     INTEGER NOT NULL,
    init_us      INTEGER NOT NULL,
    exec_us      INTEGER NOT NULL,
    cold_start   INTEGER NOT NULL,
    memory_peak  INTEGER NOT NULL,
    input_size   INTEGER NOT NULL,
    output_size  INTEGER NOT NULL,
    input        TEXT,
    output       TEXT,
    -- JSON document.
    error        TEXT,
    -- Lower-cased type and message of the error.
    error_search TEXT,
    trace_id     TEXT,
    logs_dropped INTEGER NOT NULL
) STRICT;

