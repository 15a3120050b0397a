-- Secrets of key pairs: a signature can only be checked with the secret itself, so it is sealed
-- here instead of hashed.
CREATE TABLE credential_secrets (
    credential_id TEXT PRIMARY KEY NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    -- Sealed with the master key `key_id`.
    sealed        BLOB NOT NULL,
    key_id        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX credential_secrets_key ON credential_secrets (key_id);
