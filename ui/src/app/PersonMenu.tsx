import { useNavigate } from "@tanstack/react-router";
import { CircleUserRound, LogOut, MonitorSmartphone } from "lucide-react";
import { api, data } from "../api/client";
import { useMe } from "../api/me";
import { signedOut } from "../api/session";
import { useT, type Key } from "../i18n";
import { Menu, MenuItem, MenuLabel, MenuLine } from "../kit/Menu";
import { sayError } from "../kit/Feedback";
import { toast } from "../kit/toast";

const KINDS: Record<string, Key> = { user: "person.user", key: "person.key", service: "person.service", token: "person.token", dev: "person.dev" };

/** Who is signed in, and the way out. */
export function PersonMenu() {
  const t = useT();
  const me = useMe();
  const navigate = useNavigate();
  if (!me) return null;
  const leave = async () => {
    try {
      await data(api.POST("/auth/sign-out", {}));
      signedOut.set(true);
    } catch (error) {
      toast(sayError(error, t), "bad");
    }
  };
  return (
    <Menu
      trigger={
        <button type="button" className="btn" data-kind="plain" data-icon="" aria-label={t("person.menu", { name: me.name || me.subject })} title={me.name || me.subject}>
          <CircleUserRound size={18} strokeWidth={1.75} aria-hidden />
        </button>
      }
    >
      <MenuLabel>
        <span className="person">
          <strong>{me.name || me.subject}</strong>
          <span>{t(KINDS[me.kind] ?? "person.user")}</span>
          <span>{me.superadmin ? t("person.superadmin") : [...new Set(me.roles.filter((one) => one.tenant === "*" || one.tenant === me.tenant).map((one) => one.role))].join(", ")}</span>
        </span>
      </MenuLabel>
      {me.dev ? null : (
        <>
          <MenuLine />
          <MenuItem onSelect={() => void navigate({ to: "/settings" })}>
            <MonitorSmartphone size={15} aria-hidden />
            {t("person.sessions")}
          </MenuItem>
          <MenuItem onSelect={() => void leave()}>
            <LogOut size={15} aria-hidden />
            {t("person.sign_out")}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
