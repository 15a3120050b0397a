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

CREATE INDEX aliases_due ON aliases (due_at) WHERE due_at IS NOT NULL;
