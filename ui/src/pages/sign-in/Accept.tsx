import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { CircleCheck, Unlink } from "lucide-react";
import { useState } from "react";
import { api, data } from "../../api/client";
import { Problem } from "../../api/problem";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Empty, ErrorBox, Note } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { Frame } from "./Frame";
import { Providers } from "./Providers";

/** What the server takes as a password. */
export const PASSWORD_MIN = 12;

/** Accepts the invitation whose secret stands after the `#`, where no server's log sees it. */
export function Accept() {
  const t = useT();
  const navigate = useNavigate();
  const secret = useRouterState({ select: (state) => state.location.hash });
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState<string | null>(null);

  if (done !== null) {
    return (
      <Frame title={t("accept.title")}>
        <Note tone="ok" icon={CircleCheck} role="status">
          <strong>{t("accept.done", { email: done })}</strong>
        </Note>
        <Link to="/sign-in" className="btn" data-kind="primary">
          {t("accept.to_sign_in")}
        </Link>
      </Frame>
    );
  }
  if (!secret) {
    return (
      <Frame title={t("accept.title")}>
        <Empty icon={Unlink} title={t("accept.no_link")} text={t("accept.no_link_text")} />
      </Frame>
    );
  }
  const send = async () => {
    setBusy(true);
    setError(null);
    try {
      const user = await data(api.POST("/auth/accept", { body: { secret, name: name.trim(), password } }));
      setDone(user.email);
      // The link has done its work and need not stay in the history.
      void navigate({ to: "/accept", hash: "", replace: true });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const field = error instanceof Problem ? error.about("password") : undefined;
  const differs = again !== "" && again !== password;
  const ready = password.length >= PASSWORD_MIN && again === password;
  return (
    <Frame title={t("accept.title")}>
      <Providers back="/" invitation={secret} />
      <p className="small">{t("accept.about")}</p>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !busy) void send();
        }}
      >
        <Field label={t("accept.name")}>{(id) => <input id={id} className="input" autoComplete="name" autoFocus value={name} onChange={(event) => setName(event.target.value)} />}</Field>
        <Field label={t("sign_in.password")} hint={t("accept.password_hint", { min: PASSWORD_MIN })} wrong={field}>
          {(id, described) => <input id={id} className="input" type="password" autoComplete="new-password" aria-describedby={described} value={password} onChange={(event) => setPassword(event.target.value)} />}
        </Field>
        <Field label={t("accept.again")} wrong={differs ? t("accept.differs") : undefined}>
          {(id, described) => <input id={id} className="input" type="password" autoComplete="new-password" aria-describedby={described} aria-invalid={differs || undefined} value={again} onChange={(event) => setAgain(event.target.value)} />}
        </Field>
        {error ? (
          error instanceof Problem && error.status === 404 ? (
            <Note tone="bad" role="alert">
              <strong>{t("accept.gone")}</strong>
            </Note>
          ) : (
            <ErrorBox error={error} />
          )
        ) : null}
        <Button type="submit" kind="primary" disabled={!ready || busy}>
          {t("accept.act")}
        </Button>
      </form>
    </Frame>
  );
}
