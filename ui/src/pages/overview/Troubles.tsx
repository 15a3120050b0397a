import { Link } from "@tanstack/react-router";
import { ShieldAlert, TriangleAlert } from "lucide-react";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n";
import { Note } from "../../kit/Feedback";

/** Parts of the server that do not work, and layers of isolation that are missing. */
export function Troubles({ health, system }: { health?: Schemas["Health"]; system?: Schemas["SystemView"] }) {
  const t = useT();
  const failing = Object.entries(health?.components ?? {}).filter(([, part]) => part.status !== "ok");
  const missing = (system?.isolation ?? []).filter((layer) => !layer.active);
  return (
    <>
      {failing.map(([name, part]) => (
        <Note key={name} tone="bad" icon={TriangleAlert} role="alert">
          <strong>{t("overview.part_fails", { part: name })}</strong>
          <span>{part.detail}</span>
        </Note>
      ))}
      {missing.length > 0 ? (
        <Note tone="wait" icon={ShieldAlert}>
          <span>
            <strong>{t("overview.isolation", { n: missing.length, names: missing.map((layer) => layer.name).join(", ") })}</strong>{" "}
            <Link to="/system">{t("overview.isolation_more")}</Link>
          </span>
        </Note>
      ) : null}
    </>
  );
}
