CREATE TABLE secrets (
    tenant_id  text COLLATE "C" NOT NULL,
    namespace  text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    -- JSON document: description, functions that may have it.
    data       text NOT NULL,
    -- The value, sealed with the master key `key_id`.
    sealed     bytea NOT NULL,
    key_id     text COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    revision   bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, namespace, name)
);

CREATE INDEX secrets_key ON secrets (key_id);

ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE secrets FORCE ROW LEVEL SECURITY;
CREATE POLICY secrets_tenant ON secrets TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY secrets_system ON secrets TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON secrets TO nova_app;
