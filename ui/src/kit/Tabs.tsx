import { Link } from "@tanstack/react-router";

export interface TabEntry {
  to: string;
  text: string;
}

/** Tabs that are pages of their own. */
export function Tabs({ label, tabs }: { label: string; tabs: TabEntry[] }) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((one) => (
        <Link key={one.to} to={one.to} className="tab" activeOptions={{ exact: true, includeSearch: false }}>
          {one.text}
        </Link>
      ))}
    </nav>
  );
}
