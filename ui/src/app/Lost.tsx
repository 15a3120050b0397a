import { useEffect, useState } from "react";
import { connection, tryNow } from "../api/connection";
import { useT } from "../i18n";
import { Button } from "../kit/Button";
import { clock } from "../lib/format";
import { preferences } from "../lib/preferences";
import { useStore } from "../lib/store";

/** Since when the server does not answer, and when it is tried again. */
export function Lost() {
  const t = useT();
  const { lostAt, nextAt } = useStore(connection);
  const { zone } = useStore(preferences);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (lostAt === null) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [lostAt]);
  if (lostAt === null) return <div style={{ gridArea: "lost" }} />;
  return (
    <div className="lost" role="alert">
      <span>{t("lost.since", { time: clock(lostAt, zone) })}</span>
      <span aria-hidden>{t("lost.next", { seconds: Math.max(0, Math.ceil((nextAt - now) / 1000)) })}</span>
      <Button size="small" onClick={() => void tryNow()}>
        {t("lost.now")}
      </Button>
    </div>
  );
}
