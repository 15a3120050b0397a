import { useT } from "../../i18n";
import { Time, useNow } from "../../kit/Time";

/** When the next attempt is made; it is due until there is room for it. */
export function NextAttempt({ at }: { at: string }) {
  const t = useT();
  const now = useNow();
  return Date.parse(at) <= now ? t("jobs.due") : <Time at={at} future />;
}
