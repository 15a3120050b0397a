import { Activity, Building2, Cpu, FunctionSquare, Gauge, KeyRound, KeySquare, LayoutDashboard, ListTodo, ScrollText, Settings, ShieldCheck, Users, type LucideIcon } from "lucide-react";
import type { Key } from "../i18n";

export interface Entry {
  to: "/" | "/functions" | "/runs" | "/jobs" | "/secrets" | "/people" | "/keys" | "/tenants" | "/roles" | "/audit" | "/quotas" | "/system" | "/settings";
  text: Key;
  icon: LucideIcon;
  /** Key after `g`. */
  key: string;
  /** Who has none of these does not see it. */
  needs?: string[];
}

export interface Group {
  text?: Key;
  entries: Entry[];
}

/** The rail. An entry appears when its feature exists. */
export const NAV: Group[] = [
  { entries: [{ to: "/", text: "nav.overview", icon: LayoutDashboard, key: "o", needs: ["log:read"] }] },
  {
    text: "nav.build",
    entries: [
      { to: "/functions", text: "nav.functions", icon: FunctionSquare, key: "f", needs: ["function:read"] },
      { to: "/secrets", text: "nav.secrets", icon: KeyRound, key: "e", needs: ["secret:read"] },
    ],
  },
  {
    text: "nav.operate",
    entries: [
      { to: "/runs", text: "nav.runs", icon: Activity, key: "r", needs: ["log:read"] },
      { to: "/jobs", text: "nav.jobs", icon: ListTodo, key: "j", needs: ["log:read"] },
      { to: "/quotas", text: "nav.quotas", icon: Gauge, key: "q", needs: ["quota:read"] },
      { to: "/system", text: "nav.system", icon: Cpu, key: "s", needs: ["system:read"] },
    ],
  },
  {
    text: "nav.access",
    entries: [
      { to: "/people", text: "nav.people", icon: Users, key: "p", needs: ["member:read", "service_account:read", "user:read"] },
      { to: "/keys", text: "nav.keys", icon: KeySquare, key: "k", needs: ["key:read"] },
      { to: "/roles", text: "nav.roles", icon: ShieldCheck, key: "l", needs: ["role:read"] },
      { to: "/tenants", text: "nav.tenants", icon: Building2, key: "t", needs: ["tenant:read"] },
      { to: "/audit", text: "nav.audit", icon: ScrollText, key: "a", needs: ["audit:read"] },
    ],
  },
];

export const NAV_FOOT: Entry[] = [{ to: "/settings", text: "nav.settings", icon: Settings, key: "," }];

/** What of the rail a person sees. */
export function visible(can: (permission: string) => boolean): { groups: Group[]; foot: Entry[] } {
  const seen = (entry: Entry) => !entry.needs || entry.needs.some(can);
  return {
    groups: NAV.map((group) => ({ ...group, entries: group.entries.filter(seen) })).filter((group) => group.entries.length > 0),
    foot: NAV_FOOT.filter(seen),
  };
}
