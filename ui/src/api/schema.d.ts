// Made from crates/api/openapi/v1.json by `npm run types`. Do not edit.

export interface paths {
    "/functions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List functions, sorted by name
         * @description Needs the permission `function:read`.
         */
        get: operations["list_functions"];
        put?: never;
        /**
         * Create a function
         * @description Needs the permission `function:create`.
         */
        post: operations["create_function"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a function
         * @description Needs the permission `function:read`.
         */
        get: operations["get_function"];
        put?: never;
        post?: never;
        /**
         * Delete a function with all its versions
         * @description Needs the permission `function:delete`.
         */
        delete: operations["delete_function"];
        options?: never;
        head?: never;
        /**
         * Change a function
         * @description Needs the permission `function:update`.
         */
        patch: operations["update_function"];
        trace?: never;
    };
    "/functions/{name}/code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the code and how far its build is
         * @description Needs the permission `function:read`.
         */
        get: operations["get_code"];
        /**
         * Replace the code
         * @description Needs the permission `function:update`.
         */
        put: operations["replace_code"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the files of the code
         * @description Needs the permission `function:read`.
         */
        get: operations["list_files"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/files/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one file of the code
         * @description Needs the permission `function:read`.
         */
        get: operations["get_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/invoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Call a function and wait for its answer
         * @description Needs the permission `function:invoke`.
         */
        post: operations["invoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/invoke-stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Call a function and get its output as it is written
         * @description Needs the permission `function:invoke`.
         */
        post: operations["invoke_stream"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show or follow what a function printed
         * @description Needs the permission `log:read`.
         */
        get: operations["get_function_logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List runs of a function, newest first
         * @description Needs the permission `log:read`.
         */
        get: operations["list_function_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List versions, newest first
         * @description Needs the permission `function:read`.
         */
        get: operations["list_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/versions/{v1}/diff/{v2}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what differs between two versions
         * @description Needs the permission `function:read`.
         */
        get: operations["diff_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a version
         * @description Needs the permission `function:read`.
         */
        get: operations["get_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/versions/{version}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a version the one that calls run (rollback)
         * @description Needs the permission `function:update`.
         */
        post: operations["activate_version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Health of the server and its parts; 503 if one fails */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: operations["get_health_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether calls can be taken; 503 if not */
        get: operations["get_health_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/startup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the start is done; 503 if not */
        get: operations["get_health_startup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics as Prometheus text
         * @description Needs the permission `metrics:read`.
         */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["get_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List runs, newest first
         * @description Needs the permission `log:read`.
         */
        get: operations["list_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a run
         * @description Needs the permission `log:read`.
         */
        get: operations["get_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what a run printed
         * @description Needs the permission `log:read`.
         */
        get: operations["get_run_logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runtimes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List runtimes and what of them the host has
         * @description Needs the permission `runtime:read`.
         */
        get: operations["list_runtimes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counts and durations of runs over time, and what fails
         * @description Needs the permission `log:read`.
         */
        get: operations["get_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the server: isolation, keeper, settings and where they came from
         * @description Needs the permission `system:read`.
         */
        get: operations["get_system"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Why user code gave no result. */
        CallError: {
            /** Format: int32 */
            exit_code?: number | null;
            /** @enum {string} */
            kind: "error" | "init" | "timeout" | "out_of_memory" | "exit" | "crash" | "bad_response";
            message: string;
            /** Format: int32 */
            signal?: number | null;
            /** @description Frames of user code, innermost last. */
            stack?: string[];
            /** @description The language's name of the error (`ValueError`), or one of ours (`Timeout`). */
            type: string;
        };
        /** @description One field that differs; null where it is absent. */
        ChangeView: {
            /** @description Dotted path, e.g. `limits.memory_mb`, or `files/main.py`. */
            field: string;
            /** @description Any JSON value. */
            from?: unknown;
            /** @description Any JSON value. */
            to?: unknown;
        };
        /** @description What came of replacing the code. */
        CodeAnswer: {
            /**
             * Format: int32
             * @description The version that calls run: the new one unless its build failed or still goes on.
             */
            active_version: number;
            code_hash: string;
            /** @description What the compiler printed (the end of it). */
            compile_output: string;
            /** @enum {string} */
            compile_status: "not_required" | "pending" | "compiling" | "success" | "failed";
            entry: string;
            /** Format: int32 */
            file_count: number;
            function: string;
            /** Format: int64 */
            revision: number;
            /**
             * Format: int32
             * @description The version that holds the new code; the newest before, if nothing changed.
             */
            version: number;
        };
        /** @description The code of a version. */
        CodeView: {
            /** @description Text of the entry file; null if it is no text. */
            code?: string | null;
            /** @description SHA-256 of the source tree. */
            code_hash: string;
            /**
             * Format: int64
             * @description Unpacked size of the source tree, bytes.
             */
            code_size: number;
            /** @description What the compiler printed (the end of it). */
            compile_output: string;
            /** @enum {string} */
            compile_status: "not_required" | "pending" | "compiling" | "success" | "failed";
            /** @description The file that is started or imported. */
            entry: string;
            /** Format: int32 */
            file_count: number;
            function: string;
            handler?: string | null;
            runtime: string;
            /** Format: int32 */
            version: number;
        };
        /**
         * @description Body of `POST /functions`. The code comes as `code`, `files` (or both: `code` is then the
         *     entry file) or `archive`.
         */
        CreateFunction: {
            /** @description A zip, tar or tar.gz archive, base64. */
            archive?: string | null;
            /** @description Source text of the entry file. */
            code?: string | null;
            description?: string;
            /** @description The file that is started or imported; guessed from handler and runtime if absent. */
            entry?: string | null;
            /** @description Environment variables; names do not begin with `NOVA_`. */
            env_vars?: {
                [key: string]: string;
            };
            /** @description Source files by path below the code's root. */
            files?: {
                [key: string]: string;
            };
            /** @description `module.function`. Absent with an interpreted runtime and no mode: mode `script`. */
            handler?: string | null;
            /**
             * Format: int32
             * @description How long an idle sandbox stays, seconds: 0 to 3600, default 60.
             */
            idle_ttl_s?: number | null;
            /**
             * Format: int32
             * @description Calls at once in one sandbox: 1 to 1000, default 1.
             */
            instance_concurrency?: number | null;
            limits?: components["schemas"]["LimitsBody"];
            /**
             * Format: int32
             * @description A sandbox is replaced after this many calls; 0 is never, the default.
             */
            max_calls?: number | null;
            /**
             * Format: int32
             * @description Calls that may wait for a sandbox: 0 to 100000, default 1000.
             */
            max_queue?: number | null;
            /**
             * Format: int32
             * @description Sandboxes at once: 1 to 1000, default 10.
             */
            max_replicas?: number | null;
            /**
             * Format: int32
             * @description How long a call may wait for a sandbox, milliseconds: 1 to 900000, default 30000.
             */
            max_wait_ms?: number | null;
            /**
             * Format: int32
             * @description Memory of a sandbox, MiB: 64 to 10240, default 128.
             */
            memory_mb?: number | null;
            /**
             * Format: int32
             * @description Sandboxes kept ready: 0 to 100, default 0.
             */
            min_replicas?: number | null;
            /** @enum {string} */
            mode?: "handler" | "script" | "process";
            /** @description 1 to 64 letters, digits, `_` or `-`; unique within the namespace. */
            name: string;
            /** @description `python`, `node`, `ruby`, `go`, `rust` or `executable`; a version may follow (`python3.11`). */
            runtime: string;
            tags?: {
                [key: string]: string;
            };
            /**
             * Format: int32
             * @description Longest time of one call, seconds: 1 to 900, default 30.
             */
            timeout_s?: number | null;
        };
        /** @description Failures of one function with one reason. */
        FailingView: {
            /** Format: int64 */
            count: number;
            /** @description Type of the error; empty where there is none. */
            error_type: string;
            /** Format: date-time */
            first_at: string;
            first_run: string;
            function: string;
            /** Format: date-time */
            last_at: string;
            last_run: string;
            /** @description Message of the latest one. */
            message: string;
            /** @description Whether a later run of the function succeeded. */
            recovered: boolean;
            /** @enum {string} */
            status: "succeeded" | "failed" | "cancelled" | "platform_error";
        };
        /** @description A complaint about one field. */
        FieldProblem: {
            /** @description Dotted path, e.g. `limits.memory_mb`. */
            field: string;
            message: string;
        };
        /** @description Content of a file. */
        FileContent: {
            content: string;
            /** @description `utf8` or `base64`. */
            encoding: string;
            path: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
        };
        FilePage: {
            items: components["schemas"]["FileView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A file of a version's code. */
        FileView: {
            executable: boolean;
            /** @description Whether it is started or imported. */
            is_entry: boolean;
            /** @description Path below the code's root. */
            path: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
        };
        FunctionPage: {
            items: components["schemas"]["FunctionView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A function with its active version. */
        FunctionView: {
            /** @description SHA-256 of the active version's source tree. */
            code_hash: string;
            /** @description What the compiler printed (the end of it); empty in lists. */
            compile_output: string;
            /** @enum {string} */
            compile_status: "not_required" | "pending" | "compiling" | "success" | "failed";
            /** Format: date-time */
            created_at: string;
            description: string;
            entry: string;
            env_vars: {
                [key: string]: string;
            };
            handler?: string | null;
            id: string;
            /** Format: int32 */
            idle_ttl_s: number;
            /** Format: int32 */
            instance_concurrency: number;
            /**
             * Format: int32
             * @description The highest version number given out.
             */
            latest_version: number;
            limits: components["schemas"]["LimitsView"];
            /** Format: int32 */
            max_calls: number;
            /** Format: int32 */
            max_queue: number;
            /** Format: int32 */
            max_replicas: number;
            /** Format: int32 */
            max_wait_ms: number;
            /** Format: int32 */
            memory_mb: number;
            /** Format: int32 */
            min_replicas: number;
            /** @enum {string} */
            mode: "handler" | "script" | "process";
            name: string;
            namespace: string;
            /**
             * Format: int64
             * @description Grows with every change; also the `ETag`.
             */
            revision: number;
            runtime: string;
            tags: {
                [key: string]: string;
            };
            tenant: string;
            /** Format: int32 */
            timeout_s: number;
            /** Format: date-time */
            updated_at: string;
            /**
             * Format: int32
             * @description The active version: what a call without qualifier runs.
             */
            version: number;
        };
        /** @description The server's health. */
        Health: {
            /** @description Parts by name. */
            components?: {
                [key: string]: components["schemas"]["HealthCheck"];
            };
            status: components["schemas"]["HealthStatus"];
            /**
             * Format: int64
             * @description Seconds since the server started.
             */
            uptime_s: number;
            /** @description Version of this server. */
            version: string;
        };
        /** @description One part of the server. */
        HealthCheck: {
            /** @description What is wrong and what to do now. */
            detail?: string | null;
            status: components["schemas"]["HealthStatus"];
        };
        /**
         * @description State of the whole or of one part.
         * @enum {string}
         */
        HealthStatus: "ok" | "failing" | "not_ready";
        /** @description Answer of a call that reached the function. */
        InvokeAnswer: {
            /** @description Whether a sandbox was made for this call. */
            cold_start: boolean;
            /**
             * Format: double
             * @description From arrival to answer, milliseconds.
             */
            duration_ms: number;
            error?: components["schemas"]["CallError"] | null;
            /** @description Any JSON value. */
            output?: unknown;
            /** @description Id of the run. */
            request_id: string;
            /**
             * Format: int32
             * @description The version that ran.
             */
            version: number;
        };
        /** @description One layer of isolation. */
        IsolationView: {
            active: boolean;
            /** @description How it is done, or what is missing, what is lost, and how to get it. */
            detail: string;
            name: string;
        };
        /** @description The process that makes sandboxes. */
        KeeperView: {
            /** @description What is wrong: it does not answer (the rest is then empty), or its stock could not be refilled. */
            error?: string | null;
            /**
             * Format: int64
             * @description Launches that took a sandbox from stock.
             */
            from_stock_total: number;
            /** Format: int64 */
            launched_total: number;
            /** Format: int32 */
            pid: number;
            /** @description Whether it runs without root. */
            rootless: boolean;
            /**
             * Format: int32
             * @description Sandboxes alive, those in stock included.
             */
            sandboxes: number;
            stock: components["schemas"]["StockView"][];
        };
        /** @description Further limits of a sandbox. */
        LimitsBody: {
            /**
             * Format: int32
             * @description CPU time per wall time, thousandths of one CPU: 50 to 32000, default 1000.
             */
            cpu_millis?: number | null;
            /**
             * Format: int32
             * @description Largest single file, MiB: 1 to 10240, default 64.
             */
            file_size_mb?: number | null;
            /**
             * Format: int32
             * @description Processes and threads at once: 8 to 4096, default 128.
             */
            pids?: number | null;
            /**
             * Format: int32
             * @description Size of `/tmp`, MiB: 1 to 10240, default 64.
             */
            tmp_mb?: number | null;
            /**
             * Format: double
             * @description The same in CPUs (`0.5`); give one of the two.
             */
            vcpus?: number | null;
        };
        /** @description Changes of single limits. */
        LimitsPatch: {
            /**
             * Format: int32
             * @default null
             */
            cpu_millis?: number | null;
            /**
             * Format: int32
             * @default null
             */
            file_size_mb?: number | null;
            /**
             * Format: int32
             * @default null
             */
            pids?: number | null;
            /**
             * Format: int32
             * @default null
             */
            tmp_mb?: number | null;
            /**
             * Format: double
             * @default null
             */
            vcpus?: number | null;
        };
        /** @description Limits of a sandbox, beside memory and time. */
        LimitsView: {
            /** Format: int32 */
            cpu_millis: number;
            /** Format: int32 */
            file_size_mb: number;
            /** Format: int32 */
            pids: number;
            /** Format: int32 */
            tmp_mb: number;
        };
        LogLinePage: {
            items: components["schemas"]["LogLineView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description One line that a function printed. */
        LogLineView: {
            /** Format: date-time */
            at: string;
            /** @description Place of the line in the function's log; the SSE id when following. */
            cursor: string;
            /** @description The run that printed it. */
            request_id: string;
            /** @enum {string} */
            stream: "stdout" | "stderr" | "platform";
            /** @description Without line end. Long lines are cut and marked. */
            text: string;
        };
        /**
         * @description Body of `PATCH /functions/{name}`. A field that is absent stays, null sets the default.
         *     Runtime, handler, mode, entry, environment and limits make a new version if they change.
         */
        PatchFunction: {
            /**
             * @description New source text of the entry file; the other files stay.
             * @default null
             */
            code?: string | null;
            /** @default null */
            description?: string | null;
            /** @default null */
            entry?: string | null;
            /**
             * @description The whole environment anew; null empties it.
             * @default null
             */
            env_vars?: {
                [key: string]: string;
            } | null;
            /** @default null */
            handler?: string | null;
            /**
             * Format: int32
             * @default null
             */
            idle_ttl_s?: number | null;
            /**
             * Format: int32
             * @default null
             */
            instance_concurrency?: number | null;
            /** @default null */
            limits?: components["schemas"]["LimitsPatch"] | null;
            /**
             * Format: int32
             * @default null
             */
            max_calls?: number | null;
            /**
             * Format: int32
             * @default null
             */
            max_queue?: number | null;
            /**
             * Format: int32
             * @default null
             */
            max_replicas?: number | null;
            /**
             * Format: int32
             * @default null
             */
            max_wait_ms?: number | null;
            /**
             * Format: int32
             * @default null
             */
            memory_mb?: number | null;
            /**
             * @description Single variables: a value sets one, null takes it away; the others stay.
             * @default {}
             */
            merge_env_vars?: {
                [key: string]: string | null;
            };
            /**
             * Format: int32
             * @default null
             */
            min_replicas?: number | null;
            /**
             * @description `handler`, `script` or `process`; null: what handler and runtime say.
             * @default null
             */
            mode?: string | null;
            /**
             * Format: int64
             * @description The revision that was read; the change is refused if it is another by now. `If-Match` does the same.
             * @default null
             */
            revision?: number | null;
            /** @default null */
            runtime?: string | null;
            /**
             * @description All tags anew; null takes all away.
             * @default null
             */
            tags?: {
                [key: string]: string;
            } | null;
            /**
             * Format: int32
             * @default null
             */
            timeout_s?: number | null;
        };
        /** @description What went wrong, for programs (`code`, `retryable`) and people (`detail`). */
        Problem: {
            /** @enum {string} */
            code: "invalid_argument" | "unauthenticated" | "permission_denied" | "not_found" | "method_not_allowed" | "already_exists" | "conflict" | "not_ready" | "payload_too_large" | "unsupported_media_type" | "response_too_large" | "resource_exhausted" | "queue_full" | "cancelled" | "loop_detected" | "deadline_exceeded" | "unavailable" | "missing_on_host" | "sandbox_lost" | "internal";
            /** @description What happened, where, and what to do now. */
            detail: string;
            /** @description Complaints about single fields of the request. */
            errors?: components["schemas"]["FieldProblem"][];
            /** @description The request's id, as in `X-Request-ID`; the log has more under it. */
            request_id?: string;
            /** @description Whether the same request may succeed later, unchanged. */
            retryable: boolean;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The kind of problem in a few words; the same for every problem of that code. */
            title: string;
            /** @description `urn:nova:problem:<code>`. */
            type: string;
        };
        /**
         * @description Body of `PUT /functions/{name}/code`: the whole code anew, as `code`, `files` (or both: `code`
         *     is then the entry file) or `archive`.
         */
        ReplaceCode: {
            /**
             * @description A zip, tar or tar.gz archive, base64.
             * @default null
             */
            archive?: string | null;
            /**
             * @description Source text of the entry file.
             * @default null
             */
            code?: string | null;
            /**
             * @description The file that is started or imported; as before, or guessed, if absent.
             * @default null
             */
            entry?: string | null;
            /**
             * @description Source files by path below the code's root.
             * @default {}
             */
            files?: {
                [key: string]: string;
            };
            /**
             * @description A new handler for the new code.
             * @default null
             */
            handler?: string | null;
            /**
             * Format: int64
             * @description The revision that was read; the change is refused if it is another by now.
             * @default null
             */
            revision?: number | null;
        };
        RunPage: {
            items: components["schemas"]["RunView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description An interpreter or compiler on the host. */
        RuntimeInstall: {
            /** @description Absolute path on the host. */
            path: string;
            /** @description E.g. `3.11.2`. */
            version: string;
        };
        RuntimePage: {
            items: components["schemas"]["RuntimeView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description One runtime. */
        RuntimeView: {
            /** @description Whether functions of this runtime can run (compiled: be built) on this host. */
            available: boolean;
            /** @description How to get it, where it is missing. */
            install?: string | null;
            /** @description Interpreters or compilers found, best first. */
            installed: components["schemas"]["RuntimeInstall"][];
            /** @description `interpreted`, `compiled` or `executable`. */
            kind: string;
            /** @enum {string} */
            name: "python" | "node" | "ruby" | "go" | "rust" | "executable";
        };
        /** @description One recorded execution. */
        RunView: {
            cold_start: boolean;
            /**
             * Format: double
             * @description Arrival to answer, milliseconds.
             */
            duration_ms: number;
            error?: components["schemas"]["CallError"] | null;
            /**
             * Format: double
             * @description User code, milliseconds.
             */
            exec_ms: number;
            function: string;
            /** @description The run's id, which the call's answer has as `request_id`. */
            id: string;
            /**
             * Format: double
             * @description Making the sandbox, milliseconds; 0 when it was warm.
             */
            init_ms: number;
            /** @description Any JSON value. */
            input?: unknown;
            /**
             * Format: int64
             * @description Size of the event, bytes.
             */
            input_size: number;
            /**
             * Format: int64
             * @description Bytes of log beyond the bound of a call, which were not kept.
             */
            logs_dropped: number;
            /**
             * Format: int64
             * @description Highest memory use of the sandbox so far, bytes; 0 where unknown.
             */
            memory_peak_bytes: number;
            /** @description Any JSON value. */
            output?: unknown;
            /**
             * Format: int64
             * @description Size of the result, bytes.
             */
            output_size: number;
            /**
             * Format: double
             * @description Waiting for a sandbox, milliseconds.
             */
            queue_ms: number;
            /** @enum {string} */
            source: "api" | "stream" | "function";
            /** Format: date-time */
            started_at: string;
            /** @enum {string} */
            status: "succeeded" | "failed" | "cancelled" | "platform_error";
            trace_id?: string | null;
            /** Format: int32 */
            version: number;
        };
        /** @description One setting. */
        SettingView: {
            /** @description E.g. `server.listen`. */
            key: string;
            /** @description `default`, or the file, variable or flag that set it. */
            origin: string;
            value: string;
        };
        /** @description Counts and durations of runs. */
        StatsNumbers: {
            /** Format: int64 */
            calls: number;
            /** Format: int64 */
            cancelled: number;
            /** Format: int64 */
            cold_starts: number;
            /**
             * Format: int64
             * @description Runs in which user code failed.
             */
            failed: number;
            /**
             * Format: double
             * @description Duration that half of the runs did not exceed; null without runs. Percentiles are over
             *     the newest 50,000 runs.
             */
            p50_ms?: number | null;
            /** Format: double */
            p95_ms?: number | null;
            /** Format: double */
            p99_ms?: number | null;
            /**
             * Format: int64
             * @description Runs that Nova could not carry out.
             */
            platform_errors: number;
        };
        /** @description One point of the series. */
        StatsPoint: {
            /** Format: date-time */
            at: string;
            numbers: components["schemas"]["StatsNumbers"];
        };
        /** @description Totals, a series and what fails, of a window of time. */
        StatsView: {
            /**
             * @description What fails, the latest first: at most 20, out of the newest 500 failed runs and the newest
             *     500 that the platform could not carry out.
             */
            failing: components["schemas"]["FailingView"][];
            /** @description Equal parts of the window, oldest first. */
            series: components["schemas"]["StatsPoint"][];
            /** Format: date-time */
            since: string;
            totals: components["schemas"]["StatsNumbers"];
            /** Format: date-time */
            until: string;
        };
        /** @description Sandboxes that are kept started without user code. */
        StockView: {
            /** @description Interpreter; empty for sandboxes without one. */
            key: string;
            /**
             * Format: int64
             * @description Memory of those in stock together, bytes.
             */
            memory_bytes: number;
            /** Format: int32 */
            ready: number;
            /** Format: int32 */
            starting: number;
            /** Format: int32 */
            target: number;
        };
        /**
         * @description Data of the SSE event `done`, the last one of a streaming call that reached its end.
         *     Events before it carry chunks as base64; `event: error` carries a problem document instead.
         */
        StreamDone: {
            cold_start: boolean;
            /** Format: double */
            duration_ms: number;
            error?: components["schemas"]["CallError"] | null;
            /** @description Any JSON value. */
            output?: unknown;
            /** @description Id of the run. */
            request_id: string;
            /** Format: int32 */
            version: number;
        };
        /** @description The server as its operator sees it. */
        SystemView: {
            /** @description The database's address, without a password. */
            database: string;
            /** @description Whether it runs with `--dev`: loopback only, no key needed. */
            dev: boolean;
            /** @description Layers of isolation between user code and the host. */
            isolation: components["schemas"]["IsolationView"][];
            keeper: components["schemas"]["KeeperView"];
            /** @description Every setting with its value and where it came from; secrets are hidden. */
            settings: components["schemas"]["SettingView"][];
            version: string;
        };
        /** @description What differs between two versions. */
        VersionDiff: {
            /**
             * @description Sorted by field. Values of environment variables are not shown. Files are
             *     `files/<path>` with size and SHA-256.
             */
            changes: components["schemas"]["ChangeView"][];
            function: string;
            /** Format: int32 */
            v1: number;
            /** Format: int32 */
            v2: number;
        };
        VersionPage: {
            items: components["schemas"]["VersionView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description An immutable snapshot of code, handler, environment and limits. */
        VersionView: {
            /** @description Whether a call without qualifier runs it. */
            active: boolean;
            /** @description SHA-256 of the source tree. */
            code_hash: string;
            /**
             * Format: int64
             * @description Unpacked size of the source tree, bytes.
             */
            code_size: number;
            /** @description What the compiler printed (the end of it); empty in lists. */
            compile_output: string;
            /** @enum {string} */
            compile_status: "not_required" | "pending" | "compiling" | "success" | "failed";
            /** Format: date-time */
            created_at: string;
            entry: string;
            env_vars: {
                [key: string]: string;
            };
            function: string;
            handler?: string | null;
            limits: components["schemas"]["LimitsView"];
            /** Format: int32 */
            memory_mb: number;
            /** @enum {string} */
            mode: "handler" | "script" | "process";
            runtime: string;
            /** Format: int32 */
            timeout_s: number;
            /** Format: int32 */
            version: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_functions: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description Only functions of that runtime. */
                runtime?: string;
                /** @description Text that name, description or a tag holds; also `q`. */
                search?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List functions, sorted by name */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FunctionPage"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_function: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateFunction"];
            };
        };
        responses: {
            /** @description Create a function */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FunctionView"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_function: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a function */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FunctionView"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_function: {
        parameters: {
            query?: never;
            header?: {
                /** @description Revision (`ETag`) that was read; 409 if it is another by now. */
                "If-Match"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a function with all its versions */
            204: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_function: {
        parameters: {
            query?: never;
            header?: {
                /** @description Revision (`ETag`) that was read; 409 if it is another by now. */
                "If-Match"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatchFunction"];
            };
        };
        responses: {
            /** @description Change a function */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FunctionView"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_code: {
        parameters: {
            query?: {
                /** @description Version number, `$LATEST`, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show the code and how far its build is */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeView"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_code: {
        parameters: {
            query?: never;
            header?: {
                /** @description Revision (`ETag`) that was read; 409 if it is another by now. */
                "If-Match"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplaceCode"];
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description A zip, tar or tar.gz archive.
                     */
                    archive?: string;
                    /** @description Source text of the entry file. */
                    code?: string;
                    /** @description The file that is started or imported. */
                    entry?: string;
                    /** @description A new handler for the new code. */
                    handler?: string;
                };
            };
        };
        responses: {
            /** @description Replace the code */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeAnswer"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_files: {
        parameters: {
            query?: {
                /** @description Version number, `$LATEST`, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List the files of the code */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FilePage"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_file: {
        parameters: {
            query: {
                /** @description Path below the code's root. */
                path: string;
                /** @description Version number, `$LATEST`, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show one file of the code */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileContent"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    invoke: {
        parameters: {
            query?: {
                /** @description Version number, `$LATEST`, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description W3C trace context; passed on to the function. */
                traceparent?: string;
                /** @description Functions that led to this call, oldest first, separated by commas. */
                "X-Nova-Call-Chain"?: string;
                /** @description How many calls led to this one. */
                "X-Nova-Call-Depth"?: number;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description As the parameter `qualifier`, which goes first. */
                "X-Nova-Qualifier"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
                /** @description How long the caller is willing to wait in all. */
                "X-Nova-Timeout-Ms"?: number;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        /** @description The event: any JSON value of at most 6 MiB; no body is `{}`. */
        requestBody?: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            /** @description Call a function and wait for its answer */
            200: {
                headers: {
                    /** @description `function` if the answer's `error` is the function's own. */
                    "Nova-Failed-By"?: string;
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvokeAnswer"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    invoke_stream: {
        parameters: {
            query?: {
                /** @description Version number, `$LATEST`, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description W3C trace context; passed on to the function. */
                traceparent?: string;
                /** @description Functions that led to this call, oldest first, separated by commas. */
                "X-Nova-Call-Chain"?: string;
                /** @description How many calls led to this one. */
                "X-Nova-Call-Depth"?: number;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description As the parameter `qualifier`, which goes first. */
                "X-Nova-Qualifier"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
                /** @description How long the caller is willing to wait in all. */
                "X-Nova-Timeout-Ms"?: number;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        /** @description The event: any JSON value of at most 6 MiB; no body is `{}`. */
        requestBody?: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            /** @description Call a function and get its output as it is written */
            200: {
                headers: {
                    /** @description `function` if the answer's `error` is the function's own. */
                    "Nova-Failed-By"?: string;
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["StreamDone"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_function_logs: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Answer with server-sent events and go on as lines come. */
                follow?: boolean;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description Only lines of that run. */
                request_id?: string;
                /** @description Printed then or later: RFC 3339, or a duration ago such as `10m`. */
                since?: string;
                /** @description The last lines; 100 if neither this nor `since` is given. */
                tail?: number;
            };
            header?: {
                /** @description Follow: go on after that line. */
                "Last-Event-ID"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show or follow what a function printed */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogLinePage"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_function_runs: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text that the error's type or message holds. */
                error?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description Started then or later. */
                since?: string;
                /** @description `api`, `stream` or `function`. */
                source?: string;
                /** @description `succeeded`, `failed`, `cancelled` or `platform_error`. */
                status?: string;
                /** @description Started before. */
                until?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List runs of a function, newest first */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPage"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_versions: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List versions, newest first */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionPage"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    diff_versions: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
                v1: number;
                v2: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show what differs between two versions */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionDiff"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_version: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a version */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionView"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    activate_version: {
        parameters: {
            query?: never;
            header?: {
                /** @description Revision (`ETag`) that was read; 409 if it is another by now. */
                "If-Match"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Make a version the one that calls run (rollback) */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FunctionView"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Health of the server and its parts; 503 if one fails */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_health_live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether the process answers */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_health_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether calls can be taken; 503 if not */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_health_startup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether the start is done; 503 if not */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Metrics as Prometheus text */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; version=0.0.4": string;
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description This document */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_runs: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text that the error's type or message holds. */
                error?: string;
                /** @description Name of a function. */
                function?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description Started then or later. */
                since?: string;
                /** @description `api`, `stream` or `function`. */
                source?: string;
                /** @description `succeeded`, `failed`, `cancelled` or `platform_error`. */
                status?: string;
                /** @description Started before. */
                until?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List runs, newest first */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPage"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a run */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunView"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_run_logs: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show what a run printed */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogLinePage"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_runtimes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List runtimes and what of them the host has */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuntimePage"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_stats: {
        parameters: {
            query?: {
                /** @description Points of the series; 48 if absent. */
                buckets?: number;
                /** @description Name of a function; all of the namespace if absent. */
                function?: string;
                /** @description Begin: RFC 3339, or a duration ago such as `6h`; `1h` if absent, at most 31 days before `until`. */
                since?: string;
                /** @description End; now if absent. */
                until?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; `default` if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts and durations of runs over time, and what fails */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatsView"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_system: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show the server: isolation, keeper, settings and where they came from */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SystemView"];
                };
            };
            /** @description What went wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
