import { Ellipsis } from "lucide-react";
import type { ReactNode } from "react";
import { Menu } from "./Menu";

/** What can be done with one row. */
export function RowMenu({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Menu
      trigger={
        <button type="button" className="btn" data-kind="plain" data-icon="" data-size="small" aria-label={label} title={label}>
          <Ellipsis size={15} aria-hidden />
        </button>
      }
    >
      {children}
    </Menu>
  );
}
