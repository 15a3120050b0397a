import { Activity, Cpu, FunctionSquare, LayoutDashboard, Settings, type LucideIcon } from "lucide-react";
import type { Key } from "../i18n";

export interface Entry {
  to: "/" | "/functions" | "/runs" | "/system" | "/settings";
  text: Key;
  icon: LucideIcon;
  /** Key after `g`. */
  key: string;
}

export interface Group {
  text?: Key;
  entries: Entry[];
}

/** The rail. An entry appears when its feature exists. */
export const NAV: Group[] = [
  { entries: [{ to: "/", text: "nav.overview", icon: LayoutDashboard, key: "o" }] },
  { text: "nav.build", entries: [{ to: "/functions", text: "nav.functions", icon: FunctionSquare, key: "f" }] },
  {
    text: "nav.operate",
    entries: [
      { to: "/runs", text: "nav.runs", icon: Activity, key: "r" },
      { to: "/system", text: "nav.system", icon: Cpu, key: "s" },
    ],
  },
];

export const NAV_FOOT: Entry[] = [{ to: "/settings", text: "nav.settings", icon: Settings, key: "," }];
