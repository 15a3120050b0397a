CREATE TABLE runs (
    id           text COLLATE "C" PRIMARY KEY,
    tenant_id    text COLLATE "C" NOT NULL,
    namespace    text COLLATE "C" NOT NULL,
    function_id  text COLLATE "C" NOT NULL,
    function     text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    source       text COLLATE "C" NOT NULL,
    status       text COLLATE "C" NOT NULL,
    started_at   bigint NOT NULL,
    duration_us  bigint NOT NULL,
    queue_us     bigint NOT NULL,
    init_us      bigint NOT NULL,
    exec_us      bigint NOT NULL,
    cold_start   boolean NOT NULL,
    memory_peak  bigint NOT NULL,
    input_size   bigint NOT NULL,
    output_size  bigint NOT NULL,
    input        text,
    output       text,
    -- JSON document.
    error        text,
    -- Lower-cased type and message of the error.
    error_search text,
    trace_id     text,
    logs_dropped bigint NOT NULL
);

CREATE INDEX runs_by_scope ON runs (tenant_id, namespace, started_at, id);
CREATE INDEX runs_by_function ON runs (tenant_id, namespace, function_id, started_at, id);
CREATE INDEX runs_by_age ON runs (started_at);

CREATE TABLE log_lines (
    -- The order in which lines were stored: batches take an advisory lock, so that
    -- numbers become visible in ascending order.
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- No foreign key: lines come and go with their runs in single statements.
    run_id      text COLLATE "C" NOT NULL,
    tenant_id   text COLLATE "C" NOT NULL,
    namespace   text COLLATE "C" NOT NULL,
    function_id text COLLATE "C" NOT NULL,
    at          bigint NOT NULL,
    stream      text COLLATE "C" NOT NULL,
    text        text NOT NULL
);

CREATE INDEX log_lines_by_run ON log_lines (run_id, seq);
CREATE INDEX log_lines_by_function ON log_lines (tenant_id, namespace, function_id, seq);
CREATE INDEX log_lines_by_time ON log_lines (tenant_id, namespace, function_id, at, seq);

ALTER TABLE runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE runs FORCE ROW LEVEL SECURITY;
CREATE POLICY runs_tenant ON runs TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY runs_system ON runs TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, DELETE ON runs TO nova_app;

ALTER TABLE log_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE log_lines FORCE ROW LEVEL SECURITY;
CREATE POLICY log_lines_tenant ON log_lines TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY log_lines_system ON log_lines TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, DELETE ON log_lines TO nova_app;
