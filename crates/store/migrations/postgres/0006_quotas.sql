CREATE TABLE quotas (
    tenant_id  text COLLATE "C" NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    -- Empty: the whole tenant.
    namespace  text COLLATE "C" NOT NULL,
    quota      text COLLATE "C" NOT NULL,
    hard       bigint,
    soft       bigint,
    -- Seconds; 0 for what has no window.
    window_s   bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, namespace, quota)
);

-- Calls of the window that goes on, as they were given out to servers.
CREATE TABLE quota_windows (
    tenant_id text COLLATE "C" NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    namespace text COLLATE "C" NOT NULL,
    began_at  bigint NOT NULL,
    window_s  bigint NOT NULL,
    used      bigint NOT NULL,
    PRIMARY KEY (tenant_id, namespace)
);

-- Unpacked size of the code.
ALTER TABLE versions ADD COLUMN code_size bigint NOT NULL DEFAULT 0;
-- The owner is bound by row-level security too, which would hide what is there already. A text in
-- the document has its quotes escaped, so only the field itself looks like this.
ALTER TABLE versions NO FORCE ROW LEVEL SECURITY;
UPDATE versions SET code_size = coalesce(substring(spec FROM '"code_size":([0-9]{1,18})')::bigint, 0);
ALTER TABLE versions FORCE ROW LEVEL SECURITY;

CREATE INDEX versions_storage ON versions (tenant_id, code, code_size);
CREATE INDEX versions_storage_part ON versions (tenant_id, namespace, code, code_size);

ALTER TABLE quotas ENABLE ROW LEVEL SECURITY;
ALTER TABLE quotas FORCE ROW LEVEL SECURITY;
CREATE POLICY quotas_tenant ON quotas TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY quotas_system ON quotas TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON quotas TO nova_app;

ALTER TABLE quota_windows ENABLE ROW LEVEL SECURITY;
ALTER TABLE quota_windows FORCE ROW LEVEL SECURITY;
CREATE POLICY quota_windows_tenant ON quota_windows TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY quota_windows_system ON quota_windows TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON quota_windows TO nova_app;
