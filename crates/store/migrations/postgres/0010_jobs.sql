CREATE TABLE jobs (
    id              text COLLATE "C" PRIMARY KEY,
    tenant_id       text COLLATE "C" NOT NULL,
    namespace       text COLLATE "C" NOT NULL,
    function_id     text COLLATE "C" NOT NULL,
    function        text COLLATE "C" NOT NULL,
    status          text COLLATE "C" NOT NULL,
    -- When somebody has to look at it: the next attempt, or the end of the lease; NULL when it has ended.
    due_at          bigint,
    -- Grows with each attempt.
    fence           bigint NOT NULL,
    created_at      bigint NOT NULL,
    ended_at        bigint,
    idempotency_key text COLLATE "C",
    -- JSON document.
    data            text NOT NULL
);

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
    job_id    text COLLATE "C" PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    tenant_id text COLLATE "C" NOT NULL,
    payload   text NOT NULL
);

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY jobs_tenant ON jobs TO nova_app
    USING (tenant_id = (SELECT nullif(current_setting('nova.tenant', true), '')));
CREATE POLICY jobs_system ON jobs TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO nova_app;

ALTER TABLE job_payloads ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_payloads FORCE ROW LEVEL SECURITY;
CREATE POLICY job_payloads_tenant ON job_payloads TO nova_app
    USING (tenant_id = (SELECT nullif(current_setting('nova.tenant', true), '')));
CREATE POLICY job_payloads_system ON job_payloads TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, DELETE ON job_payloads TO nova_app;
