import { Outlet } from "@tanstack/react-router";
import { useCan } from "../../api/me";
import { useT } from "../../i18n";
import { Tabs } from "../../kit/Tabs";

/** Who may use this tenant, as people and as programs. */
export function People() {
  const t = useT();
  const can = useCan();
  const tabs = [
    ...(can("member:read") ? [{ to: "/people", text: t("people.members") }, { to: "/people/invitations", text: t("people.invitations") }] : []),
    ...(can("service_account:read") ? [{ to: "/people/services", text: t("people.services") }] : []),
    ...(can("user:read") ? [{ to: "/people/users", text: t("people.users") }] : []),
  ];
  return (
    <div className="page" data-fill="">
      <div className="page-head">
        <h1>{t("nav.people")}</h1>
      </div>
      <Tabs label={t("people.parts")} tabs={tabs} />
      <Outlet />
    </div>
  );
}
