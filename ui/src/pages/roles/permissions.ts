/** Every permission that a role of a tenant can have, by what it is about. */
export const PERMISSIONS: [noun: string, verbs: string[]][] = [
  ["function", ["create", "read", "update", "delete", "invoke", "share"]],
  ["log", ["read"]],
  ["secret", ["read", "manage"]],
  ["namespace", ["read", "create", "delete"]],
  ["tenant", ["read", "delete"]],
  ["member", ["read", "manage"]],
  ["owner", ["manage"]],
  ["service_account", ["read", "manage"]],
  ["key", ["read", "manage"]],
  ["role", ["read", "manage"]],
  ["audit", ["read"]],
  ["quota", ["read", "manage"]],
];

export interface Group {
  noun: string;
  permissions: string[];
}

/** The permissions in groups, with those that a newer server has and this list does not. */
export function groupsOf(known: string[]): Group[] {
  const groups = PERMISSIONS.map(([noun, verbs]) => ({ noun, permissions: verbs.map((verb) => `${noun}:${verb}`) }));
  const listed = new Set(groups.flatMap((group) => group.permissions));
  for (const permission of known) {
    if (listed.has(permission)) continue;
    listed.add(permission);
    const noun = permission.split(":")[0] ?? permission;
    const group = groups.find((one) => one.noun === noun);
    if (group) group.permissions.push(permission);
    else groups.push({ noun, permissions: [permission] });
  }
  return groups;
}

/** `function: read, invoke; log: read`. */
export function inShort(permissions: string[]): string {
  return groupsOf(permissions)
    .map((group) => ({ noun: group.noun, verbs: group.permissions.filter((one) => permissions.includes(one)).map((one) => one.split(":")[1]) }))
    .filter((group) => group.verbs.length > 0)
    .map((group) => `${group.noun}: ${group.verbs.join(", ")}`)
    .join("; ");
}
