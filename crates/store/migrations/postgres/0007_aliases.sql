CREATE TABLE aliases (
    function_id text COLLATE "C" NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    name        text COLLATE "C" NOT NULL,
    tenant_id   text COLLATE "C" NOT NULL,
    namespace   text COLLATE "C" NOT NULL,
    -- JSON document: weights, history, rollout.
    data        text NOT NULL,
    -- When a running rollout is to be looked at.
    due_at      bigint,
    revision    bigint NOT NULL,
    created_at  bigint NOT NULL,
    updated_at  bigint NOT NULL,
    PRIMARY KEY (function_id, name)
);

CREATE INDEX aliases_due ON aliases (due_at) WHERE due_at IS NOT NULL;

ALTER TABLE aliases ENABLE ROW LEVEL SECURITY;
ALTER TABLE aliases FORCE ROW LEVEL SECURITY;
CREATE POLICY aliases_tenant ON aliases TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY aliases_system ON aliases TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON aliases TO nova_app;
