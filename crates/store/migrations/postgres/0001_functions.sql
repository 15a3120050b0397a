CREATE TABLE functions (
    id             text COLLATE "C" PRIMARY KEY,
    tenant_id      text COLLATE "C" NOT NULL,
    namespace      text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    -- JSON document: description, tags, pool settings. Text, because jsonb takes no \u0000.
    data           text NOT NULL,
    -- Lower-cased name, description and tags.
    search         text NOT NULL,
    -- Runtime of the active version.
    runtime        text COLLATE "C" NOT NULL,
    min_replicas   bigint NOT NULL,
    active_version bigint NOT NULL,
    latest_version bigint NOT NULL,
    revision       bigint NOT NULL,
    created_at     bigint NOT NULL,
    updated_at     bigint NOT NULL,
    CONSTRAINT functions_name UNIQUE (tenant_id, namespace, name)
);

CREATE INDEX functions_always_on ON functions (id) WHERE min_replicas > 0;

CREATE TABLE versions (
    function_id  text COLLATE "C" NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    number       bigint NOT NULL,
    tenant_id    text COLLATE "C" NOT NULL,
    namespace    text COLLATE "C" NOT NULL,
    runtime      text COLLATE "C" NOT NULL,
    -- JSON document: everything that makes the version.
    spec         text NOT NULL,
    code         text COLLATE "C" NOT NULL,
    build_status text COLLATE "C" NOT NULL,
    build_output text NOT NULL,
    artifact     text COLLATE "C",
    created_at   bigint NOT NULL,
    PRIMARY KEY (function_id, number)
);

CREATE INDEX versions_pending ON versions (function_id, number) WHERE build_status IN ('pending', 'compiling');
CREATE INDEX versions_code ON versions (code);
CREATE INDEX versions_artifact ON versions (artifact) WHERE artifact IS NOT NULL;

ALTER TABLE functions ENABLE ROW LEVEL SECURITY;
ALTER TABLE functions FORCE ROW LEVEL SECURITY;
CREATE POLICY functions_tenant ON functions TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY functions_system ON functions TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON functions TO nova_app;

ALTER TABLE versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE versions FORCE ROW LEVEL SECURITY;
CREATE POLICY versions_tenant ON versions TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY versions_system ON versions TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON versions TO nova_app;
