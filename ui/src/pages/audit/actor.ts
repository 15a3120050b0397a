import { useT, type Key } from "../../i18n";
import type { Entry } from "./audit";

/** Who did it: a name, or what the server calls it. */
export function useActor(): (entry: Pick<Entry, "actor">) => string {
  const t = useT();
  return ({ actor }) => {
    const word: Record<string, Key> = { dev: "audit.dev", anonymous: "audit.anonymous", system: "audit.system" };
    const key = word[actor.kind];
    return key ? t(key) : actor.name || actor.id;
  };
}
