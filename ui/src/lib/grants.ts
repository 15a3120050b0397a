/** Whether a grant (a name, or the beginning of names and `*`) reaches a function. */
export function reaches(grant: string, name: string): boolean {
  return grant.endsWith("*") ? name.startsWith(grant.slice(0, -1)) : grant === name;
}

/** Names of variables whose value is that secret. */
export function variablesOf(env: Record<string, string>, secret: string): string[] {
  return Object.entries(env)
    .filter(([, value]) => value === `$SECRET:${secret}`)
    .map(([name]) => name);
}

/** Secrets that variables refer to. */
export function secretsIn(env: Record<string, string>): string[] {
  return [...new Set(Object.values(env).flatMap((value) => (value.startsWith("$SECRET:") ? [value.slice(8)] : [])))];
}

/** What the server takes as a name of a secret. */
export const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** What it takes as a grant. */
export const GRANT = /^(\*|[A-Za-z0-9][A-Za-z0-9_-]{0,63}\*?)$/;

/** `db-url` becomes `DB_URL`. */
export function variableFor(secret: string): string {
  const name = secret.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  return /^[0-9]/.test(name) ? `_${name}` : name;
}
