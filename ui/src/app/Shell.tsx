import { Navigate, Outlet, useMatches, useRouterState } from "@tanstack/react-router";
import { Dialog } from "radix-ui";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { connection } from "../api/connection";
import { useCan } from "../api/me";
import { useT } from "../i18n";
import { preferences } from "../lib/preferences";
import { useStore } from "../lib/store";
import { Denied } from "../kit/Feedback";
import { Lost } from "./Lost";
import { visible } from "./nav";
import { Palette } from "./Palette";
import { Rail } from "./Rail";
import { useShortcuts } from "./shortcuts";
import { TopBar } from "./TopBar";

/** What is around every page. `children` stand in place of the page. */
export function Shell({ children }: { children?: ReactNode }) {
  const t = useT();
  const { rail } = useStore(preferences);
  const { lostAt } = useStore(connection);
  const [sheet, setSheet] = useState(false);
  const [palette, setPalette] = useState(false);
  useShortcuts(() => setPalette(true));
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => setSheet(false), [path]);
  const main = useRef<HTMLElement>(null);
  return (
    <div className={lostAt === null ? "shell" : "shell stale"} data-rail={rail}>
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t("shell.skip")}
      </a>
      <Lost />
      <Rail />
      <TopBar onMenu={() => setSheet(true)} onFind={() => setPalette(true)} />
      <main className="main" id="main" ref={main} tabIndex={-1}>
        {children === undefined ? <Page /> : children}
      </main>
      <Dialog.Root open={sheet} onOpenChange={setSheet}>
        <Dialog.Portal>
          <Dialog.Overlay className="veil" />
          <Dialog.Content className="sheet" aria-describedby={undefined}>
            <Dialog.Title className="sr">{t("shell.menu")}</Dialog.Title>
            <Rail sheet />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
      <Palette open={palette} onClose={() => setPalette(false)} />
    </div>
  );
}

/** The page, if the person may see it. */
function Page() {
  const can = useCan();
  const needs = useMatches({ select: (matches) => matches.at(-1)?.staticData.needs });
  const home = useRouterState({ select: (state) => state.location.pathname === "/" });
  if (!needs || can(needs)) return <Outlet />;
  // Whoever may not see the overview begins with the first page that they may see.
  const first = home ? visible(can).groups[0]?.entries[0] : undefined;
  return first ? <Navigate to={first.to} replace /> : <Denied permission={needs} />;
}
