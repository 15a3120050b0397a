-- Secrets of key pairs: a signature can only be checked with the secret itself, so it is sealed
-- here instead of hashed.
CREATE TABLE credential_secrets (
    credential_id text COLLATE "C" PRIMARY KEY REFERENCES credentials (id) ON DELETE CASCADE,
    -- Sealed with the master key `key_id`.
    sealed        bytea NOT NULL,
    key_id        text COLLATE "C" NOT NULL
);

CREATE INDEX credential_secrets_key ON credential_secrets (key_id);

ALTER TABLE credential_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE credential_secrets FORCE ROW LEVEL SECURITY;
-- Nobody looks for these but the check of a signature, which knows no tenant yet.
CREATE POLICY credential_secrets_system ON credential_secrets TO nova_app
    USING ((SELECT current_setting('nova.system', true)) = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON credential_secrets TO nova_app;
