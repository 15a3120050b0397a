-- In columns `tenant_id` of this file `*` means the server itself; no tenant can be called so.
CREATE TABLE tenants (
    tenant_id   text COLLATE "C" PRIMARY KEY,
    description text NOT NULL,
    created_at  bigint NOT NULL
);

CREATE TABLE namespaces (
    tenant_id   text COLLATE "C" NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    name        text COLLATE "C" NOT NULL,
    description text NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

CREATE TABLE users (
    id           text COLLATE "C" PRIMARY KEY,
    email        text COLLATE "C" NOT NULL UNIQUE,
    name         text COLLATE "C" NOT NULL,
    -- Argon2id in PHC form; null: no password.
    password     text,
    superadmin   boolean NOT NULL,
    disabled     boolean NOT NULL,
    oidc_issuer  text COLLATE "C",
    oidc_subject text COLLATE "C",
    created_at   bigint NOT NULL
);

CREATE UNIQUE INDEX users_by_subject ON users (oidc_issuer, oidc_subject) WHERE oidc_subject IS NOT NULL;

CREATE TABLE memberships (
    tenant_id  text COLLATE "C" NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    user_id    text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);

CREATE INDEX memberships_by_user ON memberships (user_id, tenant_id);

CREATE TABLE service_accounts (
    id          text COLLATE "C" PRIMARY KEY,
    tenant_id   text COLLATE "C" NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    name        text COLLATE "C" NOT NULL,
    description text NOT NULL,
    created_at  bigint NOT NULL,
    UNIQUE (tenant_id, name)
);

-- Keys, sessions and invitations.
CREATE TABLE credentials (
    id           text COLLATE "C" PRIMARY KEY,
    kind         text COLLATE "C" NOT NULL,
    -- SHA-256 of the secret, hex.
    hash         text COLLATE "C" NOT NULL UNIQUE,
    tenant_id    text COLLATE "C" NOT NULL,
    -- `user:ID`, `service:ID`, or `key:` and its own id.
    owner        text COLLATE "C" NOT NULL,
    name         text COLLATE "C" NOT NULL,
    prefix       text COLLATE "C" NOT NULL,
    created_at   bigint NOT NULL,
    expires_at   bigint,
    last_used_at bigint,
    -- JSON document of the kind.
    note         text NOT NULL
);

CREATE INDEX credentials_by_tenant ON credentials (tenant_id, kind, id);
CREATE INDEX credentials_by_owner ON credentials (owner, kind, id);
CREATE INDEX credentials_by_end ON credentials (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE roles (
    tenant_id   text COLLATE "C" NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    name        text COLLATE "C" NOT NULL,
    description text NOT NULL,
    -- JSON document: list of permissions.
    permissions text NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

CREATE TABLE bindings (
    id         text COLLATE "C" PRIMARY KEY,
    tenant_id  text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    role       text COLLATE "C" NOT NULL,
    namespaces text COLLATE "C" NOT NULL,
    resources  text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL
);

CREATE INDEX bindings_by_subject ON bindings (subject, id);
CREATE INDEX bindings_by_tenant ON bindings (tenant_id, id);

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants_tenant ON tenants TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY tenants_system ON tenants TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON tenants TO nova_app;

ALTER TABLE namespaces ENABLE ROW LEVEL SECURITY;
ALTER TABLE namespaces FORCE ROW LEVEL SECURITY;
CREATE POLICY namespaces_tenant ON namespaces TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY namespaces_system ON namespaces TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON namespaces TO nova_app;

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
-- People are not of one tenant.
CREATE POLICY users_system ON users TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO nova_app;

ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY memberships_tenant ON memberships TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY memberships_system ON memberships TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON memberships TO nova_app;

ALTER TABLE service_accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY service_accounts_tenant ON service_accounts TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY service_accounts_system ON service_accounts TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON service_accounts TO nova_app;

ALTER TABLE credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE credentials FORCE ROW LEVEL SECURITY;
CREATE POLICY credentials_tenant ON credentials TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY credentials_system ON credentials TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON credentials TO nova_app;

ALTER TABLE roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE roles FORCE ROW LEVEL SECURITY;
CREATE POLICY roles_tenant ON roles TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY roles_system ON roles TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON roles TO nova_app;

ALTER TABLE bindings ENABLE ROW LEVEL SECURITY;
ALTER TABLE bindings FORCE ROW LEVEL SECURITY;
CREATE POLICY bindings_tenant ON bindings TO nova_app
    USING (tenant_id = (SELECT current_setting('nova.tenant', true)));
CREATE POLICY bindings_system ON bindings TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON bindings TO nova_app;

-- The owner is bound by row-level security too, which would hide what is there already.
ALTER TABLE functions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
ALTER TABLE namespaces NO FORCE ROW LEVEL SECURITY;
INSERT INTO tenants (tenant_id, description, created_at)
    SELECT tenant_id, '', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    FROM (SELECT 'default' AS tenant_id UNION SELECT tenant_id FROM functions) AS known;
INSERT INTO namespaces (tenant_id, name, description, created_at)
    SELECT tenant_id, name, '', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    FROM (SELECT 'default' AS tenant_id, 'default' AS name UNION SELECT tenant_id, namespace FROM functions) AS known;
ALTER TABLE functions FORCE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE namespaces FORCE ROW LEVEL SECURITY;
