-- In columns `tenant_id` of this file `*` means the server itself; no tenant can be called so.
CREATE TABLE tenants (
    tenant_id   TEXT PRIMARY KEY NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE namespaces (
    tenant_id   TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT;

CREATE TABLE users (
    id           TEXT PRIMARY KEY NOT NULL,
    email        TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    -- Argon2id in PHC form; null: no password.
    password     TEXT,
    superadmin   INTEGER NOT NULL,
    disabled     INTEGER NOT NULL,
    oidc_issuer  TEXT,
    oidc_subject TEXT,
    created_at   INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX users_by_subject ON users (oidc_issuer, oidc_subject) WHERE oidc_subject IS NOT NULL;

CREATE TABLE memberships (
    tenant_id  TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) STRICT;

CREATE INDEX memberships_by_user ON memberships (user_id, tenant_id);

CREATE TABLE service_accounts (
    id          TEXT PRIMARY KEY NOT NULL,
    tenant_id   TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (tenant_id, name)
) STRICT;

-- Keys, sessions and invitations.
CREATE TABLE credentials (
    id           TEXT PRIMARY KEY NOT NULL,
    kind         TEXT NOT NULL,
    -- SHA-256 of the secret, hex.
    hash         TEXT NOT NULL UNIQUE,
    tenant_id    TEXT NOT NULL,
    -- `user:ID`, `service:ID`, or `key:` and its own id.
    owner        TEXT NOT NULL,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    -- JSON document of the kind.
    note         TEXT NOT NULL
) STRICT;

CREATE INDEX credentials_by_tenant ON credentials (tenant_id, kind, id);
CREATE INDEX credentials_by_owner ON credentials (owner, kind, id);
CREATE INDEX credentials_by_end ON credentials (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE roles (
    tenant_id   TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    -- JSON document: list of permissions.
    permissions TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT;

CREATE TABLE bindings (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant_id  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    role       TEXT NOT NULL,
    namespaces TEXT NOT NULL,
    resources  TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX bindings_by_subject ON bindings (subject, id);
CREATE INDEX bindings_by_tenant ON bindings (tenant_id, id);

INSERT INTO tenants (tenant_id, description, created_at)
    SELECT tenant_id, '', CAST(unixepoch('subsec') * 1000000 AS INTEGER)
    FROM (SELECT 'default' AS tenant_id UNION SELECT tenant_id FROM functions);
INSERT INTO namespaces (tenant_id, name, description, created_at)
    SELECT tenant_id, name, '', CAST(unixepoch('subsec') * 1000000 AS INTEGER)
    FROM (SELECT 'default' AS tenant_id, 'default' AS name UNION SELECT tenant_id, namespace FROM functions);
