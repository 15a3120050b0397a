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

-- Calls of the window that goes on, as they were given out to servers.
CREATE TABLE quota_windows (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    namespace TEXT NOT NULL,
    began_at  INTEGER NOT NULL,
    window_s  INTEGER NOT NULL,
    used      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, namespace)
) STRICT;

-- Unpacked size of the code.
ALTER TABLE versions ADD COLUMN code_size INTEGER NOT NULL DEFAULT 0;
UPDATE versions SET code_size = coalesce(json_extract(spec, '$.data.code_size'), 0);

CREATE INDEX versions_storage ON versions (tenant_id, code, code_size);
CREATE INDEX versions_storage_part ON versions (tenant_id, namespace, code, code_size);
