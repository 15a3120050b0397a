import { useState } from "react";
import { api, data } from "../../api/client";
import { useMe } from "../../api/me";
import { sessionsQuery, usePages } from "../../api/pages";
import { Problem } from "../../api/problem";
import { signedOut } from "../../api/session";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { ErrorBox, Loading } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { Time } from "../../kit/Time";
import { useAct } from "../../kit/useAct";
import { PASSWORD_MIN } from "../sign-in/Accept";
import { agentName } from "./agent";

/** The person's own sessions and password. */
export function Account() {
  const me = useMe();
  if (!me || me.dev) return null;
  return (
    <>
      <Sessions />
      {me.kind === "user" ? <Password /> : null}
    </>
  );
}

function Sessions() {
  const t = useT();
  const { list, rows } = usePages(sessionsQuery);
  const { act, busy, error } = useAct("sessions");
  const end = (id: string, current: boolean) =>
    void act(() => data(api.DELETE("/auth/sessions/{id}", { params: { path: { id } } })), t("account.ended")).then(({ done }) => {
      if (done && current) signedOut.set(true);
    });
  return (
    <section className="card prose" aria-label={t("account.sessions")}>
      <div className="card-head">
        <h2>{t("account.sessions")}</h2>
        <span className="small">{t("account.sessions_about")}</span>
      </div>
      {(list.error && !list.data) || error ? (
        <div className="card-body">
          <ErrorBox error={error ?? list.error} />
        </div>
      ) : null}
      {list.isPending ? <Loading lines={2} /> : null}
      <ul className="fail-list">
        {rows.map((row) => (
          <li key={row.id} style={{ alignItems: "center" }}>
            <span className="grow">
              <strong>{agentName(row.agent) || t("account.unknown_browser")}</strong>
              {row.current ? <span className="tag" style={{ marginLeft: 8 }}>{t("account.current")}</span> : null}
              <span className="small" style={{ display: "block" }}>
                {row.address} · {row.by === "key" ? t("account.by_key") : row.by === "password" ? t("account.by_password") : row.by} · {t("account.begun")} <Time at={row.created_at} />
              </span>
            </span>
            <span className="small">
              {t("account.used")} {row.last_used_at ? <Time at={row.last_used_at} /> : <Time at={row.created_at} />}
            </span>
            <Button size="small" disabled={busy} onClick={() => end(row.id, row.current)}>
              {t(row.current ? "person.sign_out" : "account.end")}
            </Button>
          </li>
        ))}
      </ul>
      {list.hasNextPage ? (
        <Button kind="plain" onClick={() => void list.fetchNextPage()}>
          {t("list.more")}
        </Button>
      ) : null}
    </section>
  );
}

function Password() {
  const t = useT();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const { act, busy, error } = useAct("sessions");
  const ready = old !== "" && next.length >= PASSWORD_MIN;
  const wrong = error instanceof Problem ? error.about("new") : undefined;
  return (
    <form
      className="card prose"
      aria-label={t("account.password")}
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || busy) return;
        void act(() => data(api.POST("/auth/password", { body: { old, new: next } })), t("account.password_done")).then(({ done }) => {
          if (!done) return;
          setOld("");
          setNext("");
        });
      }}
    >
      <div className="card-head">
        <h2>{t("account.password")}</h2>
        <span className="small">{t("account.password_about")}</span>
      </div>
      <div className="card-body stack">
        <div className="form-grid">
          <Field label={t("account.old")}>{(id) => <input id={id} className="input" type="password" autoComplete="current-password" value={old} onChange={(event) => setOld(event.target.value)} />}</Field>
          <Field label={t("account.new")} hint={t("accept.password_hint", { min: PASSWORD_MIN })} wrong={wrong}>
            {(id, described) => <input id={id} className="input" type="password" autoComplete="new-password" aria-describedby={described} value={next} onChange={(event) => setNext(event.target.value)} />}
          </Field>
        </div>
        {error ? <ErrorBox error={error} /> : null}
        <span>
          <Button type="submit" disabled={!ready || busy}>
            {t("account.change")}
          </Button>
        </span>
      </div>
    </form>
  );
}
