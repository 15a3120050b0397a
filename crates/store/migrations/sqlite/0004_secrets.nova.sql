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

CREATE INDEX secrets_key ON secrets (key_id);
