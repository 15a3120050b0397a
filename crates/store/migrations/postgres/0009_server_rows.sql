-- Rows of the server itself have an empty tenant. A setting that a transaction made is an empty
-- text after it, not null, so without this a session that named no tenant would see those rows.
ALTER POLICY credentials_tenant ON credentials
    USING (tenant_id = (SELECT nullif(current_setting('nova.tenant', true), '')));
ALTER POLICY bindings_tenant ON bindings
    USING (tenant_id = (SELECT nullif(current_setting('nova.tenant', true), '')));
