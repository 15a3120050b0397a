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

CREATE INDEX functions_always_on ON functions (id) WHERE min_replicas > 0;

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
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (function_id, number)
) STRICT;

CREATE INDEX versions_pending ON versions (function_id, number) WHERE build_status IN ('pending', 'compiling');
CREATE INDEX versions_code ON versions (code);
CREATE INDEX versions_artifact ON versions (artifact) WHERE artifact IS NOT NULL;
