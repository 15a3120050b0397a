// Made from crates/api/openapi/v1.json by `npm run types`. Do not edit.

export interface paths {
    "/2015-03-31/functions/{name}/invocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Call a function as AWS's clients do: the answer is the output
         * @description Needs the permission `function:invoke`.
         */
        post: operations["aws_invoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/async-invocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List jobs, newest first
         * @description Needs the permission `log:read`, for everything or for some names: then it is about those only.
         */
        get: operations["list_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/async-invocations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a job with its event and attempts
         * @description Needs the permission `log:read`, for everything or for some names: then it is about those only.
         */
        get: operations["get_job"];
        put?: never;
        post?: never;
        /**
         * Delete a job that is not running
         * @description Needs the permission `function:invoke`, for everything or for some names: then it is about those only.
         */
        delete: operations["delete_job"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/async-invocations/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a dead job its attempts again
         * @description Needs the permission `function:invoke`, for everything or for some names: then it is about those only.
         */
        post: operations["retry_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who changed what, newest first
         * @description Needs the permission `audit:read`.
         */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/{seq}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one entry of the audit log
         * @description Needs the permission `audit:read`.
         */
        get: operations["get_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look through the audit log: whether every entry is there and is what was written
         * @description Needs the permission `audit:read`.
         */
        get: operations["verify_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Accept an invitation: make the account or use it, and join the tenant */
        post: operations["accept_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show who the caller is and what they may
         * @description Needs the permission `self:read`.
         */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/oidc/{provider}/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where an identity provider sends the browser back; the session's cookie is in `Set-Cookie` */
        get: operations["finish_oidc"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/oidc/{provider}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Send a browser to an identity provider to sign in (OpenID Connect) */
        get: operations["start_oidc"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the caller's password; their other sessions end
         * @description Needs the permission `self:read`.
         */
        post: operations["change_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List identity providers to sign in with */
        get: operations["list_providers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the caller's sessions
         * @description Needs the permission `self:read`.
         */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End one of the caller's sessions
         * @description Needs the permission `self:read`.
         */
        delete: operations["end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin a session with a key or a password; the cookie is in `Set-Cookie` */
        post: operations["sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the session of the cookie
         * @description Needs the permission `self:read`.
         */
        post: operations["sign_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/bindings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who has which role
         * @description Needs the permission `role:read`.
         */
        get: operations["list_bindings"];
        put?: never;
        /**
         * Give a role to somebody
         * @description Needs the permission `role:manage`.
         */
        post: operations["create_binding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/bindings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take a role away
         * @description Needs the permission `role:manage`.
         */
        delete: operations["delete_binding"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List functions, sorted by name
         * @description Needs the permission `function:read`, for everything or for some names: then it is about those only.
         */
        get: operations["list_functions"];
        put?: never;
        /**
         * Create a function
         * @description Needs the permission `function:create`, for everything or for some names: then it is about those only.
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
    "/functions/{name}/aliases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List aliases, sorted by name
         * @description Needs the permission `function:read`.
         */
        get: operations["list_aliases"];
        put?: never;
        /**
         * Create an alias
         * @description Needs the permission `function:update`.
         */
        post: operations["create_alias"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/aliases/{alias}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an alias, with its rollout
         * @description Needs the permission `function:read`.
         */
        get: operations["get_alias"];
        put?: never;
        post?: never;
        /**
         * Delete an alias that nothing needs
         * @description Needs the permission `function:update`.
         */
        delete: operations["delete_alias"];
        options?: never;
        head?: never;
        /**
         * Point an alias to other versions
         * @description Needs the permission `function:update`.
         */
        patch: operations["update_alias"];
        trace?: never;
    };
    "/functions/{name}/aliases/{alias}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give all calls of an alias to its second version
         * @description Needs the permission `function:update`.
         */
        post: operations["promote_alias"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/aliases/{alias}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Point an alias to what it pointed to before
         * @description Needs the permission `function:update`.
         */
        post: operations["rollback_alias"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/aliases/{alias}/rollout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the last rollout of an alias
         * @description Needs the permission `function:read`.
         */
        get: operations["get_rollout"];
        put?: never;
        /**
         * Give a version the calls of an alias step by step, and take them back if too many fail
         * @description Needs the permission `function:update`.
         */
        post: operations["start_rollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/aliases/{alias}/rollout/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a rollout and put the weights back
         * @description Needs the permission `function:update`.
         */
        post: operations["abort_rollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/aliases/{alias}/rollout/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Keep the weights of a rollout as they are
         * @description Needs the permission `function:update`.
         */
        post: operations["pause_rollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/aliases/{alias}/rollout/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with a paused rollout
         * @description Needs the permission `function:update`.
         */
        post: operations["resume_rollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/{name}/async-invocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List jobs of a function, newest first
         * @description Needs the permission `log:read`.
         */
        get: operations["list_function_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
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
    "/functions/{name}/invoke-async": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Queue a call: accepted now, made soon, made again when it fails
         * @description Needs the permission `function:invoke`.
         */
        post: operations["invoke_async"];
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
    "/functions/{name}/url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the function's address on the content listener
         * @description Needs the permission `function:read`.
         */
        get: operations["get_function_url"];
        put?: never;
        /**
         * Make an address that whoever has it may use until it expires
         * @description Needs the permission `function:share`.
         */
        post: operations["sign_function_url"];
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
    "/functions/{name}/versions/{version}/build/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show or follow the log of a version's build
         * @description Needs the permission `function:read`.
         */
        get: operations["get_build_log"];
        put?: never;
        post?: never;
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
    "/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List invitations that were not accepted yet
         * @description Needs the permission `member:read`.
         */
        get: operations["list_invitations"];
        put?: never;
        /**
         * Invite somebody; the link is shown this one time
         * @description Needs the permission `member:manage`.
         */
        post: operations["create_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take an invitation back
         * @description Needs the permission `member:manage`.
         */
        delete: operations["delete_invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List keys of the tenant
         * @description Needs the permission `key:read`.
         */
        get: operations["list_keys"];
        put?: never;
        /**
         * Make a key; its secret is shown this one time
         * @description Needs the permission `key:manage`.
         */
        post: operations["create_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a key with its roles
         * @description Needs the permission `key:read`.
         */
        get: operations["get_key"];
        put?: never;
        post?: never;
        /**
         * End a key at once
         * @description Needs the permission `key:manage`.
         */
        delete: operations["revoke_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List members of the tenant
         * @description Needs the permission `member:read`.
         */
        get: operations["list_members"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/members/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make a user a member, or change what the member is
         * @description Needs the permission `member:manage`.
         */
        put: operations["set_member"];
        post?: never;
        /**
         * End a membership
         * @description Needs the permission `member:manage`.
         */
        delete: operations["remove_member"];
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
    "/namespaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List namespaces of the tenant
         * @description Needs the permission `namespace:read`.
         */
        get: operations["list_namespaces"];
        put?: never;
        /**
         * Make a namespace in the tenant
         * @description Needs the permission `namespace:create`.
         */
        post: operations["create_namespace"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a namespace
         * @description Needs the permission `namespace:read`.
         */
        get: operations["get_namespace"];
        put?: never;
        post?: never;
        /**
         * Delete a namespace that has no functions
         * @description Needs the permission `namespace:delete`.
         */
        delete: operations["delete_namespace"];
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
    "/quotas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show quotas of the tenant with their usage
         * @description Needs the permission `quota:read`.
         */
        get: operations["list_quotas"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the built-in roles and those of the tenant
         * @description Needs the permission `role:read`.
         */
        get: operations["list_roles"];
        put?: never;
        /**
         * Make a role
         * @description Needs the permission `role:manage`.
         */
        post: operations["create_role"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/roles/{role}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a role
         * @description Needs the permission `role:read`.
         */
        get: operations["get_role"];
        /**
         * Change a role of the tenant
         * @description Needs the permission `role:manage`.
         */
        put: operations["put_role"];
        post?: never;
        /**
         * Delete a role that nobody has
         * @description Needs the permission `role:manage`.
         */
        delete: operations["delete_role"];
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
         * @description Needs the permission `log:read`, for everything or for some names: then it is about those only.
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
         * @description Needs the permission `log:read`, for everything or for some names: then it is about those only.
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
         * @description Needs the permission `log:read`, for everything or for some names: then it is about those only.
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
    "/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List secrets, sorted by name; values are never shown
         * @description Needs the permission `secret:read`, for everything or for some names: then it is about those only.
         */
        get: operations["list_secrets"];
        put?: never;
        /**
         * Create a secret
         * @description Needs the permission `secret:manage`, for everything or for some names: then it is about those only.
         */
        post: operations["create_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/secrets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a secret without its value
         * @description Needs the permission `secret:read`.
         */
        get: operations["get_secret"];
        put?: never;
        post?: never;
        /**
         * Delete a secret
         * @description Needs the permission `secret:manage`.
         */
        delete: operations["delete_secret"];
        options?: never;
        head?: never;
        /**
         * Give a secret a new value, or change who may have it
         * @description Needs the permission `secret:manage`.
         */
        patch: operations["update_secret"];
        trace?: never;
    };
    "/service-accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List service accounts of the tenant
         * @description Needs the permission `service_account:read`.
         */
        get: operations["list_service_accounts"];
        put?: never;
        /**
         * Make a service account
         * @description Needs the permission `service_account:manage`.
         */
        post: operations["create_service_account"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/service-accounts/{service}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a service account
         * @description Needs the permission `service_account:read`.
         */
        get: operations["get_service_account"];
        put?: never;
        post?: never;
        /**
         * Delete a service account; its keys end
         * @description Needs the permission `service_account:manage`.
         */
        delete: operations["delete_service_account"];
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
         * @description Needs the permission `log:read`, for everything or for some names: then it is about those only.
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
    "/system/master-key/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a new master key and seal every secret again with it
         * @description Needs the permission `system:manage`.
         */
        post: operations["rotate_master_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tenants that the caller may use
         * @description Needs the permission `self:read`.
         */
        get: operations["list_tenants"];
        put?: never;
        /**
         * Make a tenant with its namespace `default`
         * @description Needs the permission `tenant:create`.
         */
        post: operations["create_tenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{tenant}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a tenant
         * @description Needs the permission `tenant:read`.
         */
        get: operations["get_tenant"];
        put?: never;
        post?: never;
        /**
         * Delete a tenant that has no functions
         * @description Needs the permission `tenant:delete`.
         */
        delete: operations["delete_tenant"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{tenant}/quotas/{quota}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set a quota of a tenant, or of one namespace of it
         * @description Needs the permission `quota:manage`.
         */
        put: operations["set_quota"];
        post?: never;
        /**
         * Take a quota away
         * @description Needs the permission `quota:manage`.
         */
        delete: operations["unset_quota"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List every user of the server
         * @description Needs the permission `user:read`.
         */
        get: operations["list_users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a user
         * @description Needs the permission `user:read`.
         */
        get: operations["get_user"];
        put?: never;
        post?: never;
        /**
         * Delete a user with everything that lets them act
         * @description Needs the permission `user:manage`.
         */
        delete: operations["delete_user"];
        options?: never;
        head?: never;
        /**
         * Change, disable or enable a user
         * @description Needs the permission `user:manage`.
         */
        patch: operations["change_user"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Accepting an invitation. */
        AcceptInvitation: {
            name?: string;
            /** @description A new password; for somebody who has an account already, theirs. */
            password: string;
            secret: string;
        };
        AliasPage: {
            items: components["schemas"]["AliasView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A name that points to versions of a function. */
        AliasView: {
            /** Format: date-time */
            created_at: string;
            description: string;
            function: string;
            /** @description What it pointed to before, the latest first; `rollback` goes back to the first of them. */
            history: components["schemas"]["PastTargetView"][];
            name: string;
            /**
             * Format: int64
             * @description Grows with every change; also the `ETag`.
             */
            revision: number;
            rollout?: components["schemas"]["RolloutView"] | null;
            /** Format: date-time */
            updated_at: string;
            /**
             * Format: int32
             * @description The version that gets what no weight gives to another.
             */
            version: number;
            /** @description Every version with a weight, sorted by version; they sum up to 100. */
            weights: components["schemas"]["WeightView"][];
        };
        /** @description One attempt. */
        AttemptView: {
            /** Format: date-time */
            began_at: string;
            /** Format: date-time */
            ended_at?: string | null;
            error?: components["schemas"]["CallError"] | null;
            /** @description Whether it does not count, because it did not reach the function. */
            postponed: boolean;
            /** @description Id of its run, if it got so far. */
            run_id: string;
        };
        /** @description Who did it. */
        AuditActor: {
            /** @description Id of the key or session that was shown. */
            credential?: string | null;
            /** @description Empty for `dev`, `anonymous` and `system`. */
            id: string;
            /** @description `user`, `service`, `key`, `token`, `dev`, `anonymous` (nobody known) or `system` (the server). */
            kind: string;
            /** @description Address of a user, name of a key or service account, as it was then. */
            name: string;
        };
        /** @description The first entry that is not what was written. */
        AuditBroken: {
            /** Format: int64 */
            seq: number;
            /** @description What is wrong with it. */
            why: string;
        };
        AuditPage: {
            items: components["schemas"]["AuditView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description What was changed. */
        AuditResource: {
            /** @description `function`, `secret`, `key`, `role`, .. */
            kind: string;
            /** @description Its name or id; empty where there is none. */
            name: string;
        };
        /** @description What a look through the audit log found. */
        AuditVerification: {
            broken?: components["schemas"]["AuditBroken"] | null;
            /**
             * Format: int64
             * @description Entries that were looked at.
             */
            entries: number;
            head_hash?: string | null;
            /**
             * Format: int64
             * @description The last entry; keep both values elsewhere and give them as `anchor_seq` and `anchor_hash` next time.
             */
            head_seq?: number | null;
            /** @description Whether every entry is there and is what was written. */
            intact: boolean;
            /** @description Null: the log of the server itself. */
            tenant?: string | null;
        };
        /** @description One entry of the audit log. */
        AuditView: {
            /** @description The permission that it needed, such as `function:update`. */
            action: string;
            actor: components["schemas"]["AuditActor"];
            /** @description Where the request came from. */
            address?: string | null;
            /** @description Any JSON value. */
            after?: unknown;
            /** Format: date-time */
            at: string;
            /** @description Any JSON value. */
            before?: unknown;
            /** @description Dotted paths of what differs, also of values that are not shown. */
            changed: string[];
            /** @description Code of the problem, if it was not done. */
            error?: string | null;
            /** @description SHA-256 of the entry and `previous`, hex. */
            hash: string;
            namespace?: string | null;
            /** @description The endpoint (`update_function`), or what the server did by itself. */
            operation: string;
            /** @description `done`, `refused` (not allowed) or `failed` (a sign-in). */
            outcome: string;
            /** @description `hash` of the entry before; 64 zeros for the first one. */
            previous: string;
            request_id?: string | null;
            resource: components["schemas"]["AuditResource"];
            /**
             * Format: int64
             * @description Counts the entries of the tenant (or of the server), from 1, without gaps.
             */
            seq: number;
            /** @description Null: an entry of the server itself. */
            tenant?: string | null;
        };
        /** @description An error; its name is in the header `x-amzn-ErrorType`. */
        AwsError: {
            /** @description The same text; some clients read the one, some the other. */
            message: string;
            Message: string;
            /** @description `User` or `Service`: whose fault it is. */
            Type: string;
        };
        BindingPage: {
            items: components["schemas"]["BindingView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A role given to somebody. */
        BindingView: {
            id: string;
            namespaces: string;
            resources: string;
            role: string;
            subject: string;
            /** @description Absent: over the whole server. */
            tenant?: string | null;
        };
        /** @description The log of a version's build. */
        BuildLogView: {
            /** @enum {string} */
            compile_status: "not_required" | "pending" | "compiling" | "success" | "failed";
            /** @description What the tools printed, so far or in the end (the end of it). */
            output: string;
        };
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
        /** @description A new password for the caller. */
        ChangePassword: {
            new: string;
            old: string;
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
         * @description What pages of other origins may do with a function's address (CORS). Browsers' questions are answered
         *     without calling the function, and its own `Access-Control-*` headers are dropped. Each list can be
         *     `*` alone, which is any.
         */
        CorsBody: {
            /**
             * @description Whether browsers send cookies along. Default: no.
             * @default false
             */
            credentials?: boolean;
            /**
             * @description Headers of answers that pages may read, beside those that browsers always show. Default: none.
             * @default []
             */
            expose_headers?: string[];
            /**
             * @description Headers of requests, beside those that browsers always let through. Default: none.
             * @default []
             */
            headers?: string[];
            /**
             * Format: int32
             * @description How long browsers may keep what they were told, seconds: 0 to 86400, default 600.
             * @default 600
             */
            max_age_s?: number;
            /**
             * @description Default: any.
             * @default [
             *       "*"
             *     ]
             */
            methods?: string[];
            /**
             * @description Origins such as `https://app.example`; `*` only without credentials. One at least.
             * @default []
             */
            origins: string[];
        };
        /** @description Body of `POST /functions/{name}/aliases`. */
        CreateAlias: {
            description?: string;
            /** @description A letter, then up to 63 letters, digits, `_` or `-`; not `active`, `latest` or a version number. */
            name: string;
            /**
             * Format: int32
             * @description The version that gets the calls that no weight gives to another.
             */
            version: number;
            /** @description Percent of the calls for further versions, by version number. */
            weights?: {
                [key: string]: number;
            };
        };
        /** @description A role to be given to somebody. */
        CreateBinding: {
            /** @description Pattern; absent: all. */
            namespaces?: string | null;
            /** @description Pattern of names of functions; absent: all. */
            resources?: string | null;
            role: string;
            /** @description Over the whole server instead of the tenant. */
            server?: boolean;
            /** @description `user:ID`, `service:ID` or `key:ID`. */
            subject: string;
        };
        /** @description An invitation that was just made. */
        CreatedInvitation: {
            invitation: components["schemas"]["InvitationView"];
            /** @description Path of the page where it is accepted; put the server's address before it. */
            path: string;
            /** @description Shown this one time only. */
            secret: string;
        };
        /** @description A key that was just made. */
        CreatedKey: {
            /** @description Of a pair. */
            access_key_id?: string | null;
            key: components["schemas"]["KeyView"];
            /** @description The key, or the secret access key of a pair. Shown this one time only. */
            secret: string;
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
            /** @enum {string} */
            http?: "off" | "public" | "key" | "signed";
            /**
             * Format: int32
             * @description The same for one client of a `public` or `signed` address (`content.client_rate`).
             */
            http_client_rate?: number | null;
            http_cors?: components["schemas"]["CorsBody"] | null;
            /**
             * Format: int32
             * @description Requests in a second that its address takes: 1 to 1000000, 0 any number. Absent: what the server
             *     says (`content.rate`).
             */
            http_rate?: number | null;
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
            /** @description Who may call it, on top of roles. Setting it needs `function:share`. */
            invoke_policy?: components["schemas"]["InvokePolicyBody"];
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
            mode?: "handler" | "script" | "process" | "lambda";
            /** @description 1 to 64 letters, digits, `_` or `-`; unique within the namespace. */
            name: string;
            /**
             * @description What the code may reach on the network: `HOST[:PORT,..]`, where HOST is a name, `*.ending`,
             *     `*`, an IP address or a network; without ports 443. Empty, the default: nothing.
             */
            network?: string[];
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
        /** @description Somebody to be invited. */
        CreateInvitation: {
            email: string;
            /** @description What they will be in the tenant: `owner`, `admin` or `member` (if absent). */
            role?: string | null;
            /** @description Only an account on the server, no membership. */
            server?: boolean;
            /** @description An administrator of the whole server. */
            superadmin?: boolean;
        };
        /** @description A key to be made. */
        CreateKey: {
            /** @description A pair of access key id and secret access key, for clients that sign as AWS's do. */
            aws?: boolean;
            /**
             * Format: int64
             * @description Seconds until it ends; absent: it does not.
             */
            expires_in_s?: number | null;
            /** @description A function of the request's namespace that uses the key: calls with it are calls by that function. */
            function?: string | null;
            name: string;
            /** @description A key that stands for itself needs one at least; for a key of somebody they narrow. */
            roles?: components["schemas"]["RoleGrantBody"][];
            /** @description A key of the server itself instead of the tenant; only administrators of the server can. */
            server?: boolean;
            /** @description The service account that the key is for; absent: the key stands for itself. */
            service_account?: string | null;
        };
        /** @description A namespace to be made in the tenant of the request. */
        CreateNamespace: {
            description?: string;
            name: string;
        };
        /** @description A role to be made. */
        CreateRole: {
            description?: string;
            name: string;
            permissions: string[];
        };
        /** @description A new secret. */
        CreateSecret: {
            description?: string;
            /** @description Functions that may have it: names, or beginnings of names such as `api-*`. */
            functions?: string[];
            /** @description A letter or digit, then up to 127 of letters, digits, `.`, `_` or `-`. */
            name: string;
            /** @description 1 to 32768 bytes without NUL. Write-only. */
            value: string;
        };
        /** @description A service account to be made. */
        CreateServiceAccount: {
            description?: string;
            name: string;
        };
        /** @description A tenant to be made. */
        CreateTenant: {
            description?: string;
            name: string;
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
        /** @description Where a function is offered to people and programs outside. */
        FunctionUrl: {
            /** @enum {string} */
            http: "off" | "public" | "key" | "signed";
            /** @description The address; null if this server has no content listener. */
            url?: string | null;
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
            /** @enum {string} */
            http?: "off" | "public" | "key" | "signed";
            /** @description The alias that those requests run; null: the active version. */
            http_alias?: string | null;
            /**
             * Format: int32
             * @description The same for one client of a `public` or `signed` address.
             */
            http_client_rate?: number | null;
            http_cors?: components["schemas"]["CorsBody"] | null;
            /**
             * Format: int32
             * @description Requests in a second that its address takes, 0 any number; null: what the server says.
             */
            http_rate?: number | null;
            id: string;
            /** Format: int32 */
            idle_ttl_s: number;
            /** Format: int32 */
            instance_concurrency: number;
            /** @description Who may call it, on top of roles. */
            invoke_policy?: components["schemas"]["InvokePolicyBody"];
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
            mode: "handler" | "script" | "process" | "lambda";
            name: string;
            namespace: string;
            /** @description What the code may reach on the network. */
            network?: string[];
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
        /** @description A role that the caller has. */
        HeldRole: {
            namespaces: string;
            resources: string;
            role: string;
            /** @description `*`: all tenants, and the server. */
            tenant: string;
        };
        InvitationPage: {
            items: components["schemas"]["InvitationView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description An invitation that was not accepted yet. */
        InvitationView: {
            email: string;
            /** Format: date-time */
            expires_at?: string | null;
            id: string;
            role?: string | null;
            superadmin: boolean;
            tenant?: string | null;
        };
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
        /** @description Body of `POST /functions/{name}/invoke-async`. */
        InvokeAsync: {
            /**
             * Format: int64
             * @description Wait after the first failure, milliseconds, at most an hour; doubled with each further one. Default 1000.
             * @default null
             */
            backoff_base_ms?: number | null;
            /**
             * Format: int64
             * @description Longest wait, milliseconds, at most a day; default 60000.
             * @default null
             */
            backoff_max_ms?: number | null;
            /**
             * @description Orders of the function with the same key are one, as long as the job is kept. Also the header
             *     `Idempotency-Key`.
             * @default null
             */
            idempotency_key?: string | null;
            /**
             * Format: int64
             * @description Age at which no further attempt is begun, seconds, at most a week; default 21600.
             * @default null
             */
            max_age_s?: number | null;
            /**
             * Format: int32
             * @description Attempts in all, 1 to 20; default 3. One that did not reach the function does not count.
             * @default null
             */
            max_attempts?: number | null;
            /** @description Any JSON value. */
            payload?: unknown;
        };
        /**
         * @description Who may call a function. Callers are `*`, `user:ID`, `service:ID`, `key:ID`,
         *     `token:ISSUER#SUB`, `role:NAME` or `function:NAMES`. Each needs `function:invoke` besides.
         */
        InvokePolicyBody: {
            /**
             * @description If there are any, nobody else may.
             * @default []
             */
            allow?: string[];
            /**
             * @description These may not, whatever `allow` says.
             * @default []
             */
            deny?: string[];
        };
        /** @description One layer of isolation. */
        IsolationView: {
            active: boolean;
            /** @description How it is done, or what is missing, what is lost, and how to get it. */
            detail: string;
            name: string;
        };
        JobPage: {
            items: components["schemas"]["JobView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A piece of queued work. */
        JobView: {
            /**
             * Format: int32
             * @description Attempts that count, since it was accepted or retried.
             */
            attempt: number;
            /** @description The newest attempts, at most 20, oldest first. */
            attempts: components["schemas"]["AttemptView"][];
            /** Format: int64 */
            backoff_base_ms: number;
            /** Format: int64 */
            backoff_max_ms: number;
            /** @description Who ordered it: `user:ID`, `key:ID`, .. */
            caller?: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            ended_at?: string | null;
            function: string;
            id: string;
            idempotency_key?: string | null;
            last_error?: components["schemas"]["CallError"] | null;
            /** Format: int64 */
            max_age_s: number;
            /** Format: int32 */
            max_attempts: number;
            /** Format: date-time */
            next_attempt_at?: string | null;
            /** @description Any JSON value. */
            output?: unknown;
            /** @description Any JSON value. */
            payload?: unknown;
            /**
             * Format: int64
             * @description Size of the event, bytes.
             */
            payload_size: number;
            /** @description Which version is called: a number, `$LATEST`, an alias, or `active`. */
            qualifier: string;
            /** @enum {string} */
            reason?: "attempts_used_up" | "expired" | "refused";
            /** @enum {string} */
            status: "queued" | "running" | "succeeded" | "dead";
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
        KeyPage: {
            items: components["schemas"]["KeyView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description What a rotation of the master key did. */
        KeyRotation: {
            /** @description Names the key that seals now. */
            key_id: string;
            /**
             * Format: int64
             * @description Secrets that were sealed again.
             */
            resealed: number;
            /**
             * Format: int64
             * @description Secrets that no key of the server opens; their old keys are kept.
             */
            unreadable: number;
        };
        /** @description A key without its secret. */
        KeyView: {
            /** @description Whether it is a pair of access key id and secret access key. */
            aws?: boolean;
            /** Format: date-time */
            created_at: string;
            expired: boolean;
            /** Format: date-time */
            expires_at?: string | null;
            /** @description The function that it is for, as NAMESPACE/NAME. */
            function?: string | null;
            id: string;
            /** Format: date-time */
            last_used_at?: string | null;
            name: string;
            /** @description How the secret begins; of a pair the access key id. */
            prefix: string;
            /** @description Shown with single keys. */
            roles?: components["schemas"]["RoleGrantBody"][] | null;
            /** @description Who acts by it: `key:ID` (itself), `service:ID` or `user:ID`. */
            subject: string;
            /** @description Absent for a key of the server. */
            tenant?: string | null;
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
        /** @description Who the caller is and what they may. */
        Me: {
            /** @description Id of the key or session that was shown. */
            credential?: string | null;
            /** @description Whether the server runs with `--dev`. */
            dev: boolean;
            /** Format: date-time */
            expires_at?: string | null;
            /** @description `user`, `service`, `key`, `token` or `dev`. */
            kind: string;
            /** @description An address, or the name of a key. */
            name: string;
            /** @description What it may do besides with some names there. */
            named?: components["schemas"]["NamedPermissions"][];
            namespace: string;
            /** @description What the caller may do there, whatever the name. */
            permissions: string[];
            /** @description Roles that the caller has, with where. */
            roles: components["schemas"]["HeldRole"][];
            /** @description Tenants that the caller may use, with their namespaces; at most 100 of each. */
            scopes: components["schemas"]["UsableScope"][];
            /** @description `user:ID`, `service:ID`, `key:ID`, `token:..` or `dev`. */
            subject: string;
            /** @description Administrator of the whole server. */
            superadmin: boolean;
            /** @description The tenant and namespace that this request is about. */
            tenant: string;
        };
        MemberPage: {
            items: components["schemas"]["MemberView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A member of a tenant. */
        MemberView: {
            disabled: boolean;
            email: string;
            name: string;
            /** @description `owner`, `admin` or `member`. */
            role: string;
            user: string;
        };
        /** @description What a caller may do with some names of a namespace. */
        NamedPermissions: {
            /** @description A name, or the beginning of one and `*`. */
            names: string;
            permissions: string[];
        };
        NamespacePage: {
            items: components["schemas"]["NamespaceView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A namespace. */
        NamespaceView: {
            /** Format: date-time */
            created_at: string;
            description: string;
            name: string;
            tenant: string;
        };
        /** @description What an alias pointed to. */
        PastTargetView: {
            /** Format: date-time */
            until: string;
            /** Format: int32 */
            version: number;
            weights: components["schemas"]["WeightView"][];
        };
        /** @description Body of `PATCH /functions/{name}/aliases/{alias}`. A field that is absent stays. */
        PatchAlias: {
            /** @default null */
            description?: string | null;
            /**
             * Format: int32
             * @description The version that gets the rest. Without `weights` it gets everything.
             * @default null
             */
            version?: number | null;
            /**
             * @description Percent of the calls for further versions; those that are not named get none.
             * @default null
             */
            weights?: {
                [key: string]: number;
            } | null;
        };
        /**
         * @description Body of `PATCH /functions/{name}`. A field that is absent stays, null sets the default.
         *     Runtime, handler, mode, entry, environment, limits and network make a new version if they change.
         */
        PatchFunction: {
            /**
             * @description Network rules to add; the others stay.
             * @default []
             */
            allow_network?: string[];
            /**
             * @description The whole code anew: a zip, tar or tar.gz archive, base64. Goes without `code` and `files`.
             * @default null
             */
            archive?: string | null;
            /**
             * @description New source text of the entry file; the other files stay, unless `files` is given.
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
            /**
             * @description The whole code anew: source files by path below the code's root. With `code` as the
             *     entry file, or that one among them.
             * @default {}
             */
            files?: {
                [key: string]: string;
            };
            /** @default null */
            handler?: string | null;
            /**
             * @description Who may send requests to its address on the content listener: `off`, `public`, `key` or `signed`;
             *     null: `off`. A change ends every signed address. Opening it needs `function:share`.
             * @default null
             */
            http?: string | null;
            /**
             * @description The alias that those requests run; null: the active version.
             * @default null
             */
            http_alias?: string | null;
            /**
             * Format: int32
             * @description The same for one client of a `public` or `signed` address; null: `content.client_rate`.
             * @default null
             */
            http_client_rate?: number | null;
            /** @default null */
            http_cors?: components["schemas"]["CorsBody"] | null;
            /**
             * Format: int32
             * @description Requests in a second that its address takes: 1 to 1000000, 0 any number; null: what the server
             *     says (`content.rate`).
             * @default null
             */
            http_rate?: number | null;
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
            invoke_policy?: components["schemas"]["InvokePolicyBody"] | null;
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
             * @description `handler`, `script`, `process` or `lambda`; null: what handler and runtime say.
             * @default null
             */
            mode?: string | null;
            /**
             * @description All network rules anew; null takes all away.
             * @default null
             */
            network?: string[] | null;
            /**
             * Format: int64
             * @description The revision that was read; the change is refused if it is another by now. `If-Match` does the same.
             * @default null
             */
            revision?: number | null;
            /**
             * @description Network rules to take away; the others stay.
             * @default []
             */
            revoke_network?: string[];
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
        /** @description What is to change of a secret. */
        PatchSecret: {
            description?: string | null;
            /** @description All functions that may have it from now on; null: none. */
            functions?: string[] | null;
            /** @description Functions that may have it as well. */
            grant?: string[];
            /** @description Grants that are taken back, as they were written. */
            revoke?: string[];
            /** @description A new value; sandboxes with the old one get no more calls. */
            value?: string | null;
        };
        /** @description What of a user changes; absent fields stay. */
        PatchUser: {
            disabled?: boolean | null;
            name?: string | null;
            superadmin?: boolean | null;
        };
        /** @description What went wrong, for programs (`code`, `retryable`) and people (`detail`). */
        Problem: {
            /** @enum {string} */
            code: "invalid_argument" | "unauthenticated" | "permission_denied" | "not_found" | "method_not_allowed" | "already_exists" | "conflict" | "not_ready" | "secret_unavailable" | "quota_exceeded" | "payload_too_large" | "unsupported_media_type" | "response_too_large" | "resource_exhausted" | "queue_full" | "queue_timeout" | "cancelled" | "loop_detected" | "deadline_exceeded" | "unavailable" | "missing_on_host" | "sandbox_lost" | "function_failed" | "function_timeout" | "bad_answer" | "internal";
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
        /** @description Body of `POST /functions/{name}/aliases/{alias}/promote`. */
        PromoteAlias: {
            /**
             * Format: int32
             * @description The version that gets everything; the only one besides the alias's own if absent.
             * @default null
             */
            version?: number | null;
        };
        ProviderPage: {
            items: components["schemas"]["ProviderView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description An identity provider to sign in with. */
        ProviderView: {
            name: string;
            /** @description Where a browser goes to sign in. */
            start: string;
            /** @description For people. */
            title: string;
        };
        /** @description Limits of a quota. At least one of `hard` and `soft`. */
        PutQuota: {
            /** Format: int64 */
            hard?: number | null;
            /**
             * Format: int64
             * @description At most `hard`.
             */
            soft?: number | null;
            /**
             * Format: int32
             * @description Of `invocations`: seconds of the window, 1 to 2678400; 60 if absent.
             */
            window_s?: number | null;
        };
        /** @description What a role shall be. */
        PutRole: {
            description?: string;
            permissions: string[];
        };
        QuotaPage: {
            items: components["schemas"]["QuotaView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A quota with its usage. */
        QuotaView: {
            /**
             * Format: int64
             * @description What is over it is refused; null: nothing is.
             */
            hard?: number | null;
            /** @description Whether `used` is at the hard limit: the next one is refused. */
            hard_reached: boolean;
            /** @description Null: the whole tenant. */
            namespace?: string | null;
            /** @description Whether `used` is what this server alone sees (`memory_mb`, `concurrency`). */
            of_this_server: boolean;
            /** @description `functions`, `storage_bytes`, `memory_mb`, `concurrency` or `invocations`. */
            quota: string;
            /**
             * Format: int64
             * @description What is over it is told, and done.
             */
            soft?: number | null;
            /** @description Whether `used` is at the soft limit or over it. */
            soft_reached: boolean;
            tenant: string;
            /**
             * Format: int64
             * @description Null where nothing is counted because no limit is set (`concurrency`, `invocations`).
             */
            used?: number | null;
            /**
             * Format: int32
             * @description Of `invocations`: seconds of the window.
             */
            window_s?: number | null;
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
        /** @description A role and where it holds. Patterns are a name, the beginning of one and `*`, or `*`. */
        RoleGrantBody: {
            namespaces?: string;
            resources?: string;
            /** @description A built-in role (`admin`, `operator`, `viewer`, `invoker`), or one of the tenant. */
            role: string;
        };
        RolePage: {
            items: components["schemas"]["RoleView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A role. */
        RoleView: {
            built_in: boolean;
            description: string;
            name: string;
            permissions: string[];
        };
        /** @description How far a rollout is. */
        RolloutView: {
            /**
             * Format: int64
             * @description Calls of the version that ended in this step, as they were counted last.
             */
            calls: number;
            /** Format: date-time */
            ended_at?: string | null;
            /**
             * Format: int64
             * @description Those of them that failed.
             */
            errors: number;
            /**
             * Format: int32
             * @description The version that has them before.
             */
            from_version: number;
            /** Format: int32 */
            interval_s: number;
            /** Format: double */
            max_error_percent: number;
            /** Format: int32 */
            min_calls: number;
            /** @description Why it stopped, or what it waits for; may be empty. */
            note: string;
            /** Format: date-time */
            started_at: string;
            /** @enum {string} */
            status: "running" | "paused" | "done" | "failed" | "aborted";
            /**
             * Format: int32
             * @description Which step it is at, from 1.
             */
            step: number;
            /** Format: date-time */
            step_began_at: string;
            /** @description Weight at each step, percent. */
            steps: number[];
            /**
             * Format: int32
             * @description The version that gets the calls.
             */
            version: number;
            /**
             * Format: int32
             * @description The weight of that step, percent.
             */
            weight: number;
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
            name: "python" | "node" | "ruby" | "go" | "rust" | "executable" | "provided";
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
            source: "api" | "stream" | "function" | "http" | "queue";
            /** Format: date-time */
            started_at: string;
            /** @enum {string} */
            status: "succeeded" | "failed" | "cancelled" | "platform_error";
            trace_id?: string | null;
            /** Format: int32 */
            version: number;
        };
        SecretPage: {
            items: components["schemas"]["SecretView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description What is known of a secret beside its value. */
        SecretView: {
            /** Format: date-time */
            created_at: string;
            description: string;
            /** @description Functions that may have it. */
            functions: string[];
            name: string;
            /**
             * Format: int64
             * @description Grows with every change; also the `ETag`.
             */
            revision: number;
            /** Format: date-time */
            updated_at: string;
            /**
             * Format: int32
             * @description Counts its values, from 1.
             */
            version: number;
        };
        ServiceAccountPage: {
            items: components["schemas"]["ServiceAccountView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A service account. */
        ServiceAccountView: {
            /** Format: date-time */
            created_at: string;
            description: string;
            id: string;
            name: string;
            /** @description What roles are given to: `service:ID`. */
            subject: string;
        };
        SessionPage: {
            items: components["schemas"]["SessionView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A session of the caller. */
        SessionView: {
            /** @description Where it was begun. */
            address: string;
            agent: string;
            /** @description `password`, `key`, or the name of an identity provider. */
            by: string;
            /** Format: date-time */
            created_at: string;
            /** @description The session of this request. */
            current: boolean;
            /** Format: date-time */
            expires_at?: string | null;
            id: string;
            /** Format: date-time */
            last_used_at?: string | null;
        };
        /** @description What a member shall be. */
        SetMember: {
            /** @description `owner`, `admin` or `member`. */
            role: string;
        };
        /** @description One setting. */
        SettingView: {
            /** @description E.g. `server.listen`. */
            key: string;
            /** @description `default`, or the file, variable or flag that set it. */
            origin: string;
            value: string;
        };
        /** @description An address that whoever has it may use until it expires. */
        SignedUrl: {
            /** Format: date-time */
            expires_at: string;
            method: string;
            url: string;
        };
        /** @description What somebody signs in with: a key, or an address and a password. */
        SignIn: {
            email?: string | null;
            key?: string | null;
            password?: string | null;
        };
        /** @description Body of `POST /functions/{name}/url`. */
        SignUrl: {
            /**
             * Format: int32
             * @description How long the address is good for, seconds: 1 to 31536000, default 3600.
             * @default null
             */
            expires_s?: number | null;
            /**
             * @description The method that it is good for; default GET, which is good for HEAD too.
             * @default null
             */
            method?: string | null;
            /**
             * @description Path below the function's own, with its query; default `/`.
             * @default null
             */
            path?: string | null;
        };
        /** @description Body of `POST /functions/{name}/aliases/{alias}/rollout`. */
        StartRollout: {
            /**
             * Format: int32
             * @description How long each step holds at least, seconds: 1 to 604800, default 60.
             */
            interval_s?: number | null;
            /**
             * Format: double
             * @description Part of the version's calls that may fail, percent: 0 to 100, default 1. Over it the weights go back.
             */
            max_error_percent?: number | null;
            /**
             * Format: int32
             * @description Calls of the version that a step needs before it may end: 0 to 1000000, default 20.
             */
            min_calls?: number | null;
            /** @description Its weight at each step, percent: growing, with 100 at the end. Default 5, 25, 50, 100. */
            steps?: number[];
            /**
             * Format: int32
             * @description The version that shall get all the calls.
             */
            version: number;
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
        TenantPage: {
            items: components["schemas"]["TenantView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A tenant. */
        TenantView: {
            /** Format: date-time */
            created_at: string;
            description: string;
            name: string;
        };
        /** @description A tenant that the caller may use. */
        UsableScope: {
            namespaces: string[];
            tenant: string;
        };
        UserPage: {
            items: components["schemas"]["UserView"][];
            /** @description Pass it as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
        };
        /** @description A person. */
        UserView: {
            /** Format: date-time */
            created_at: string;
            disabled: boolean;
            email: string;
            id: string;
            name: string;
            superadmin: boolean;
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
            mode: "handler" | "script" | "process" | "lambda";
            /** @description What the code may reach on the network. */
            network: string[];
            runtime: string;
            /** Format: int32 */
            timeout_s: number;
            /** Format: int32 */
            version: number;
        };
        /** @description A version and its weight. */
        WeightView: {
            /** Format: int32 */
            version: number;
            /**
             * Format: int32
             * @description Percent of the calls.
             */
            weight: number;
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
    aws_invoke: {
        parameters: {
            query?: {
                /** @description Version number or `$LATEST`; the active version if absent. */
                Qualifier?: string;
            };
            header?: {
                /** @description A JSON object in base64 for the function's context, at most 3583 bytes. */
                "X-Amz-Client-Context"?: string;
                /** @description `RequestResponse`, `Event` (202: queued, see `/async-invocations`) or `DryRun` (204 if the call would be allowed). */
                "X-Amz-Invocation-Type"?: string;
                /** @description `Tail`: the last 4 KiB of the log in `X-Amz-Log-Result`, base64. */
                "X-Amz-Log-Type"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
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
            /** @description Call a function as AWS's clients do: the answer is the output */
            200: {
                headers: {
                    /** @description `function` if the answer's `error` is the function's own. */
                    "Nova-Failed-By"?: string;
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description What went wrong, as AWS writes it */
            default: {
                headers: {
                    /** @description Name of the error, such as `ResourceNotFoundException`. */
                    "x-amzn-ErrorType"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AwsError"];
                };
            };
        };
    };
    list_jobs: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Name of a function. */
                function?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description `queued`, `running`, `succeeded` or `dead`. */
                status?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List jobs, newest first */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
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
    get_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a job with its event and attempts */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
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
    delete_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a job that is not running */
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
    retry_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Give a dead job its attempts again */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
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
    list_audit: {
        parameters: {
            query?: {
                /** @description Permission (`function:update`) or endpoint (`update_function`). */
                action?: string;
                /** @description Id or name of who did it. */
                actor?: string;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description `done`, `refused` or `failed`. */
                outcome?: string;
                /** @description Kind (`function`), or kind and name (`function:hello`). */
                resource?: string;
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
                /** @description Then or later. */
                since?: string;
                /** @description Before. */
                until?: string;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List who changed what, newest first */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
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
    get_audit: {
        parameters: {
            query?: {
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                seq: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show one entry of the audit log */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditView"];
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
    verify_audit: {
        parameters: {
            query?: {
                /** @description .. and its hash: both must still be there. */
                anchor_hash?: string;
                /** @description An entry that was the last one at an earlier look .. */
                anchor_seq?: number;
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Look through the audit log: whether every entry is there and is what was written */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditVerification"];
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
    accept_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AcceptInvitation"];
            };
        };
        responses: {
            /** @description Accept an invitation: make the account or use it, and join the tenant */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserView"];
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
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show who the caller is and what they may */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
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
    finish_oidc: {
        parameters: {
            query?: {
                /** @description What the provider gives. */
                code?: string;
                /** @description What the provider says instead. */
                error?: string;
                /** @description The same in words. */
                error_description?: string;
                /** @description As it was sent. */
                state?: string;
            };
            header?: never;
            path: {
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Where an identity provider sends the browser back; the session's cookie is in `Set-Cookie` */
            303: {
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
    start_oidc: {
        parameters: {
            query?: {
                /** @description Secret of an invitation that is accepted so. */
                invitation?: string;
                /** @description Where in the console to go on, such as `/ui/#/functions`; else its start. */
                return?: string;
            };
            header?: never;
            path: {
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Send a browser to an identity provider to sign in (OpenID Connect) */
            303: {
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
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePassword"];
            };
        };
        responses: {
            /** @description Change the caller's password; their other sessions end */
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
    list_providers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List identity providers to sign in with */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderPage"];
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
    list_sessions: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List the caller's sessions */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
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
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description End one of the caller's sessions */
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
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description Begin a session with a key or a password; the cookie is in `Set-Cookie` */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
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
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description End the session of the cookie */
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
    list_bindings: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List who has which role */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BindingPage"];
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
    create_binding: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateBinding"];
            };
        };
        responses: {
            /** @description Give a role to somebody */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BindingView"];
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
    delete_binding: {
        parameters: {
            query?: {
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Take a role away */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
    list_aliases: {
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List aliases, sorted by name */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasPage"];
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
    create_alias: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateAlias"];
            };
        };
        responses: {
            /** @description Create an alias */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasView"];
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
    get_alias: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show an alias, with its rollout */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasView"];
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
    delete_alias: {
        parameters: {
            query?: never;
            header?: {
                /** @description Revision (`ETag`) that was read; 409 if it is another by now. */
                "If-Match"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete an alias that nothing needs */
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
    update_alias: {
        parameters: {
            query?: never;
            header?: {
                /** @description Revision (`ETag`) that was read; 409 if it is another by now. */
                "If-Match"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatchAlias"];
            };
        };
        responses: {
            /** @description Point an alias to other versions */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasView"];
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
    promote_alias: {
        parameters: {
            query?: never;
            header?: {
                /** @description Revision (`ETag`) that was read; 409 if it is another by now. */
                "If-Match"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PromoteAlias"];
            };
        };
        responses: {
            /** @description Give all calls of an alias to its second version */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasView"];
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
    rollback_alias: {
        parameters: {
            query?: never;
            header?: {
                /** @description Revision (`ETag`) that was read; 409 if it is another by now. */
                "If-Match"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Point an alias to what it pointed to before */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasView"];
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
    get_rollout: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show the last rollout of an alias */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolloutView"];
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
    start_rollout: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartRollout"];
            };
        };
        responses: {
            /** @description Give a version the calls of an alias step by step, and take them back if too many fail */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasView"];
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
    abort_rollout: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Stop a rollout and put the weights back */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasView"];
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
    pause_rollout: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Keep the weights of a rollout as they are */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasView"];
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
    resume_rollout: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Go on with a paused rollout */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasView"];
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
    list_function_jobs: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description `queued`, `running`, `succeeded` or `dead`. */
                status?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List jobs of a function, newest first */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
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
                /** @description Version number, `$LATEST`, an alias, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Version number, `$LATEST`, an alias, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Version number, `$LATEST`, an alias, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Version number, `$LATEST`, an alias, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description Calls of an alias with the same key run the same version; at most 256 bytes. */
                "Nova-Sticky-Key"?: string;
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
    invoke_async: {
        parameters: {
            query?: {
                /** @description Version number, `$LATEST`, an alias, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description As `idempotency_key`: orders of the function with the same key are one job; a repetition is answered with 200. */
                "Idempotency-Key"?: string;
                /** @description Calls of an alias with the same key run the same version; at most 256 bytes. */
                "Nova-Sticky-Key"?: string;
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InvokeAsync"];
            };
        };
        responses: {
            /** @description Queue a call: accepted now, made soon, made again when it fails */
            202: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
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
                /** @description Version number, `$LATEST`, an alias, or absent for the active version. */
                qualifier?: string;
            };
            header?: {
                /** @description Calls of an alias with the same key run the same version; at most 256 bytes. */
                "Nova-Sticky-Key"?: string;
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description `api`, `stream`, `function`, `http` or `queue`. */
                source?: string;
                /** @description `succeeded`, `failed`, `cancelled` or `platform_error`. */
                status?: string;
                /** @description Started before. */
                until?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
    get_function_url: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show the function's address on the content listener */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FunctionUrl"];
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
    sign_function_url: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignUrl"];
            };
        };
        responses: {
            /** @description Make an address that whoever has it may use until it expires */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedUrl"];
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
    get_build_log: {
        parameters: {
            query?: {
                /** @description Answer with server-sent events: a line each, `missed` for lines that are not kept any more, and `done` with the result as the last. */
                follow?: boolean;
            };
            header?: {
                /** @description Follow: go on after that event. */
                "Last-Event-ID"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
            /** @description Show or follow the log of a version's build */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BuildLogView"];
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
    list_invitations: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List invitations that were not accepted yet */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationPage"];
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
    create_invitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateInvitation"];
            };
        };
        responses: {
            /** @description Invite somebody; the link is shown this one time */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedInvitation"];
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
    delete_invitation: {
        parameters: {
            query?: {
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Take an invitation back */
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
    list_keys: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List keys of the tenant */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyPage"];
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
    create_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateKey"];
            };
        };
        responses: {
            /** @description Make a key; its secret is shown this one time */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedKey"];
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
    get_key: {
        parameters: {
            query?: {
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a key with its roles */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
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
    revoke_key: {
        parameters: {
            query?: {
                /** @description Those of the server itself instead of the tenant's; only administrators of the server can. */
                server?: boolean;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description End a key at once */
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
    list_members: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List members of the tenant */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberPage"];
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
    set_member: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetMember"];
            };
        };
        responses: {
            /** @description Make a user a member, or change what the member is */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberView"];
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
    remove_member: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description End a membership */
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
    list_namespaces: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List namespaces of the tenant */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamespacePage"];
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
    create_namespace: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateNamespace"];
            };
        };
        responses: {
            /** @description Make a namespace in the tenant */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamespaceView"];
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
    get_namespace: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a namespace */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamespaceView"];
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
    delete_namespace: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a namespace that has no functions */
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
    list_quotas: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show quotas of the tenant with their usage */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuotaPage"];
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
    list_roles: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List the built-in roles and those of the tenant */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolePage"];
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
    create_role: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateRole"];
            };
        };
        responses: {
            /** @description Make a role */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleView"];
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
    get_role: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                role: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a role */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleView"];
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
    put_role: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                role: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PutRole"];
            };
        };
        responses: {
            /** @description Change a role of the tenant */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleView"];
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
    delete_role: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                role: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a role that nobody has */
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
                /** @description `api`, `stream`, `function`, `http` or `queue`. */
                source?: string;
                /** @description `succeeded`, `failed`, `cancelled` or `platform_error`. */
                status?: string;
                /** @description Started before. */
                until?: string;
            };
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
    list_secrets: {
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List secrets, sorted by name; values are never shown */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretPage"];
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
    create_secret: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSecret"];
            };
        };
        responses: {
            /** @description Create a secret */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretView"];
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
    get_secret: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a secret without its value */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretView"];
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
    delete_secret: {
        parameters: {
            query?: never;
            header?: {
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a secret */
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
    update_secret: {
        parameters: {
            query?: never;
            header?: {
                /** @description Revision (`ETag`) that was read; 409 if it is another by now. */
                "If-Match"?: string;
                /** @description Namespace that the request is about; `default` if absent. */
                "X-Nova-Namespace"?: string;
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatchSecret"];
            };
        };
        responses: {
            /** @description Give a secret a new value, or change who may have it */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretView"];
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
    list_service_accounts: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
            };
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List service accounts of the tenant */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccountPage"];
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
    create_service_account: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateServiceAccount"];
            };
        };
        responses: {
            /** @description Make a service account */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccountView"];
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
    get_service_account: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a service account */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccountView"];
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
    delete_service_account: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
                "X-Nova-Tenant"?: string;
            };
            path: {
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a service account; its keys end */
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
                /** @description Tenant that the request is about; the key's own, else `default`, if absent. */
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
    rotate_master_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Make a new master key and seal every secret again with it */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyRotation"];
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
    list_tenants: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List tenants that the caller may use */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantPage"];
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
    create_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateTenant"];
            };
        };
        responses: {
            /** @description Make a tenant with its namespace `default` */
            201: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantView"];
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
    get_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a tenant */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantView"];
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
    delete_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a tenant that has no functions */
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
    set_quota: {
        parameters: {
            query?: {
                /** @description Only this namespace; the whole tenant if absent. */
                namespace?: string;
            };
            header?: never;
            path: {
                quota: string;
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PutQuota"];
            };
        };
        responses: {
            /** @description Set a quota of a tenant, or of one namespace of it */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuotaView"];
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
    unset_quota: {
        parameters: {
            query?: {
                /** @description Only this namespace; the whole tenant if absent. */
                namespace?: string;
            };
            header?: never;
            path: {
                quota: string;
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Take a quota away */
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
    list_users: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Most items of a page; 50 if absent. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List every user of the server */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
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
    get_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Show a user */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserView"];
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
    delete_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a user with everything that lets them act */
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
    change_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatchUser"];
            };
        };
        responses: {
            /** @description Change, disable or enable a user */
            200: {
                headers: {
                    /** @description Names the request in the log. */
                    "X-Request-ID"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserView"];
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
