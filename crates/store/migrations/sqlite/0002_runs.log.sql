CREATE TABLE runs (
    id           TEXT PRIMARY KEY NOT NULL,
    tenant_id    TEXT NOT NULL,
    namespace    TEXT NOT NULL,
    function_id  TEXT NOT NULL,
    function     TEXT NOT NULL,
    version      INTEGER NOT NULL,
    source       TEXT NOT NULL,
    status       TEXT NOT NULL,
    started_at   INTEGER NOT NULL,
    duration_us  INTEGER NOT NULL,
    queue_us     INTEGER NOT NULL,
    init_us      INTEGER NOT NULL,
    exec_us      INTEGER NOT NULL,
    cold_start   INTEGER NOT NULL,
    memory_peak  INTEGER NOT NULL,
    input_size   INTEGER NOT NULL,
    output_size  INTEGER NOT NULL,
    input        TEXT,
    output       TEXT,
    -- JSON document.
    error        TEXT,
    -- Lower-cased type and message of the error.
    error_search TEXT,
    trace_id     TEXT,
    logs_dropped INTEGER NOT NULL
) STRICT;

CREATE INDEX runs_by_scope ON runs (tenant_id, namespace, started_at, id);
CREATE INDEX runs_by_function ON runs (tenant_id, namespace, function_id, started_at, id);
CREATE INDEX runs_by_age ON runs (started_at);

CREATE TABLE log_lines (
    -- The order in which lines were stored; a number is never used twice.
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    tenant_id   TEXT NOT NULL,
    namespace   TEXT NOT NULL,
    function_id TEXT NOT NULL,
    at          INTEGER NOT NULL,
    stream      TEXT NOT NULL,
    text        TEXT NOT NULL
) STRICT;

CREATE INDEX log_lines_by_run ON log_lines (run_id);
CREATE INDEX log_lines_by_function ON log_lines (tenant_id, namespace, function_id);
CREATE INDEX log_lines_by_time ON log_lines (tenant_id, namespace, function_id, at);

-- This file may be dropped: numbers begin at the time, so that a follower's cursor into
-- an earlier file does not point behind the lines of this one.
INSERT INTO sqlite_sequence (name, seq) VALUES ('log_lines', CAST(unixepoch('subsec') * 1000000 AS INTEGER));
