import { useT } from "../i18n";
import { useMe } from "../api/me";
import { Select } from "./Field";

/** What belongs to the tenant, or to the whole server. */
export function OfServer({ server, onChange }: { server: boolean; onChange: (of: "server" | undefined) => void }) {
  const t = useT();
  const me = useMe();
  return (
    <Select<"tenant" | "server">
      label={t("of.label")}
      value={server ? "server" : "tenant"}
      options={[
        ["tenant", t("of.tenant", { tenant: me?.tenant ?? "" })],
        ["server", t("of.server")],
      ]}
      onChange={(next) => onChange(next === "server" ? "server" : undefined)}
    />
  );
}
