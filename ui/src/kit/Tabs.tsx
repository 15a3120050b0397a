import { Link, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";

export interface TabEntry {
  to: string;
  text: string;
}

/** A row of tabs; where there are more than fit, the chosen one is in view. */
export function TabRow({ label, children }: { label: string; children: ReactNode }) {
  const row = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    const tab = row.current?.querySelector<HTMLElement>("[data-status=active]");
    if (row.current && tab) row.current.scrollLeft = tab.offsetLeft - (row.current.clientWidth - tab.offsetWidth) / 2;
  }, [path]);
  return (
    <nav className="tabs" aria-label={label} ref={row}>
      {children}
    </nav>
  );
}

/** Tabs that are pages of their own. */
export function Tabs({ label, tabs }: { label: string; tabs: TabEntry[] }) {
  return (
    <TabRow label={label}>
      {tabs.map((one) => (
        <Link key={one.to} to={one.to} className="tab" activeOptions={{ exact: true, includeSearch: false }}>
          {one.text}
        </Link>
      ))}
    </TabRow>
  );
}
