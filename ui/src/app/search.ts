/** What the query of an address holds: plain text, so that people can write and read it. */
export type Search = Record<string, string | undefined>;

export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : "";
}

/** Keeps the named fields of a query, as text. */
export function pick<K extends string>(...names: K[]) {
  return (search: Record<string, unknown>): { [P in K]?: string } =>
    Object.fromEntries(names.filter((name) => typeof search[name] === "string" && search[name] !== "").map((name) => [name, search[name]])) as { [P in K]?: string };
}
