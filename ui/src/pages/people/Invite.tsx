import { useState } from "react";
import { api, data } from "../../api/client";
import { useCan, useMe } from "../../api/me";
import { Problem } from "../../api/problem";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { ErrorBox } from "../../kit/Feedback";
import { Field, Select } from "../../kit/Field";
import { Once } from "../../kit/Once";
import { useAct } from "../../kit/useAct";
import { MEMBER_ROLES, type MemberRole } from "./roles";

/** Makes an invitation and shows its link, once. */
export function Invite({ onDone }: { onDone: () => void }) {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<MemberRole>("member");
  const [server, setServer] = useState(false);
  const [superadmin, setSuperadmin] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  const { act, busy, error } = useAct("invitations");
  if (link !== null) return <Once about={t("people.link_once", { email })} text={link} onDone={onDone} />;
  const ready = /^\S+@\S+$/.test(email.trim());
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || busy) return;
        void act(() => data(api.POST("/invitations", { body: { email: email.trim(), role: server ? undefined : role, server, superadmin } }))).then(({ value }) => {
          if (value) setLink(location.origin + value.path);
        });
      }}
    >
      <Field label={t("sign_in.email")} wrong={error instanceof Problem ? error.about("email") : undefined}>
        {(id, described) => <input id={id} className="input" type="email" value={email} aria-describedby={described} autoComplete="off" onChange={(event) => setEmail(event.target.value)} />}
      </Field>
      {server ? null : (
        <div className="field">
          <span className="label">{t("people.role_in", { tenant: me?.tenant ?? "" })}</span>
          <Select<MemberRole> label={t("people.role")} value={role} options={MEMBER_ROLES.filter((one) => one !== "owner" || can("owner:manage")).map((one) => [one, t(`member.${one}`)])} onChange={setRole} />
          <span className="hint">{t(`member.about_${role}`)}</span>
        </div>
      )}
      {me?.superadmin ? (
        <div className="stack-s">
          <label className="check">
            <input type="checkbox" checked={server} onChange={(event) => setServer(event.target.checked)} />
            {t("people.only_server")}
          </label>
          <label className="check">
            <input type="checkbox" checked={superadmin} onChange={(event) => setSuperadmin(event.target.checked)} />
            {t("people.make_superadmin")}
          </label>
        </div>
      ) : null}
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        <Button type="submit" kind="primary" disabled={!ready || busy}>
          {t("people.invite_act")}
        </Button>
      </div>
    </form>
  );
}
