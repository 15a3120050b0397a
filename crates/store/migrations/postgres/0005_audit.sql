-- Who changed what. `tenant_id` names the chain; `*` is the server's own.
CREATE TABLE audit_entries (
    tenant_id     text COLLATE "C" NOT NULL,
    seq           bigint NOT NULL,
    at            bigint NOT NULL,
    actor_kind    text COLLATE "C" NOT NULL,
    actor_id      text COLLATE "C" NOT NULL,
    actor_name    text COLLATE "C" NOT NULL,
    credential    text COLLATE "C",
    address       text COLLATE "C",
    request_id    text COLLATE "C",
    action        text COLLATE "C" NOT NULL,
    operation     text COLLATE "C" NOT NULL,
    namespace     text COLLATE "C",
    resource_kind text COLLATE "C" NOT NULL,
    resource_name text COLLATE "C" NOT NULL,
    outcome       text COLLATE "C" NOT NULL,
    error         text COLLATE "C",
    -- JSON: list of dotted paths.
    changed       text NOT NULL,
    -- JSON, without secrets.
    before        text,
    after         text,
    -- SHA-256, hex: of the entry before, and of this one with it.
    previous      text COLLATE "C" NOT NULL,
    hash          text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);

-- The last entry of each chain: without it, entries could be cut off at the end. Its lock puts
-- the writers of a chain in a row.
CREATE TABLE audit_heads (
    tenant_id text COLLATE "C" PRIMARY KEY,
    seq       bigint NOT NULL,
    hash      text COLLATE "C" NOT NULL
);

CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;

-- Also for the owner, who has every right to the tables.
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_heads_remain BEFORE DELETE OR TRUNCATE ON audit_heads
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_heads_go_on BEFORE UPDATE ON audit_heads FOR EACH ROW
    WHEN (NEW.tenant_id <> OLD.tenant_id OR NEW.seq <> OLD.seq + 1) EXECUTE FUNCTION audit_append_only();

ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_entries_tenant ON audit_entries TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY audit_entries_system ON audit_entries TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT ON audit_entries TO nova_app;

ALTER TABLE audit_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_heads_tenant ON audit_heads TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY audit_heads_system ON audit_heads TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE ON audit_heads TO nova_app;
