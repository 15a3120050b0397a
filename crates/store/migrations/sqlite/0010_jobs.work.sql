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

CREATE INDEX jobs_by_scope ON jobs (tenant_id, namespace, created_at, id);
CREATE INDEX jobs_by_status ON jobs (tenant_id, namespace, status, created_at, id);
CREATE INDEX jobs_by_function ON jobs (tenant_id, namespace, function_id, created_at, id);
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_open ON jobs (tenant_id) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_once ON jobs (tenant_id, namespace, function_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- Apart, so that an attempt does not write a large event again.
CREATE TABLE job_payloads (
    job_id  TEXT PRIMARY KEY NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    payload TEXT NOT NULL
) STRICT;
