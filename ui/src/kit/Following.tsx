import { Flag, Pause, Radio, WifiOff } from "lucide-react";
import type { FollowState } from "../api/follow";
import { useT } from "../i18n";
import { State } from "./State";

/** How it stands with what is followed. */
export function Following({ state, paused }: { state: FollowState["kind"]; paused?: boolean }) {
  const t = useT();
  if (paused) return <State tone="pause" icon={Pause} text={t("logs.paused")} />;
  switch (state) {
    case "live":
      return <State tone="ok" icon={Radio} text={t("logs.live")} />;
    case "lost":
      return <State tone="bad" icon={WifiOff} text={t("logs.lost")} />;
    case "ended":
      return <State tone="off" icon={Flag} text={t("logs.ended")} />;
    default:
      return <State tone="wait" icon={Radio} text={t("logs.connecting")} />;
  }
}
