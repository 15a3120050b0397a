import { Outlet } from "@tanstack/react-router";
import { useT } from "../../i18n";
import { Tabs } from "../../kit/Tabs";

/** What roles allow, and who has them. */
export function Roles() {
  const t = useT();
  return (
    <div className="page" data-fill="">
      <div className="page-head">
        <h1>{t("nav.roles")}</h1>
      </div>
      <Tabs
        label={t("people.parts")}
        tabs={[
          { to: "/roles", text: t("roles.roles") },
          { to: "/roles/bindings", text: t("roles.bindings") },
        ]}
      />
      <Outlet />
    </div>
  );
}
