import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { KeyRound, LogIn, Mail } from "lucide-react";
import { useEffect, useState } from "react";
import { api, data } from "../../api/client";
import { fitScope, meQuery, type Me } from "../../api/me";
import { Problem } from "../../api/problem";
import { signedOut, wayBack } from "../../api/session";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { ErrorBox, Note } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { useStore } from "../../lib/store";
import { Frame } from "./Frame";
import { Providers } from "./Providers";

const route = getRouteApi("/sign-in");

type Way = "password" | "key";
const WAYS = [
  ["password", "sign_in.by_password", Mail],
  ["key", "sign_in.by_key", KeyRound],
] as const;

/** Begins a session, and leads to the page that was asked for. */
export function SignIn() {
  const t = useT();
  const search = route.useSearch();
  const { history } = useRouter();
  const queries = useQueryClient();
  const out = useStore(signedOut);
  const back = wayBack(search.to);
  const [way, setWay] = useState<Way>("password");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  // Who has a session, or needs none because of --dev, is led on.
  const known = useQuery({ ...meQuery, enabled: !out && !busy, retry: false });

  useEffect(() => {
    if (known.data && !out) history.replace(`/ui${back}`);
  }, [known.data, out, back, history]);

  const ready = way === "key" ? key.trim() !== "" : email.trim() !== "" && password !== "";
  const enter = async () => {
    setBusy(true);
    setError(null);
    try {
      const me: Me = await data(api.POST("/auth/sign-in", { body: way === "key" ? { key: key.trim() } : { email: email.trim(), password } }));
      queries.clear();
      fitScope(me);
      signedOut.set(false);
      // The permissions are those of the tenant and namespace that the console is about.
      await queries.fetchQuery({ ...meQuery, staleTime: 0 });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const refused = error instanceof Problem && error.status === 401;
  return (
    <Frame title={t("sign_in.title")}>
      {search.to && !error ? <p className="small">{t("sign_in.why")}</p> : null}
      <Providers back={back} />
      <div className="segments" role="tablist" aria-label={t("sign_in.how")}>
        {WAYS.map(([one, text, Icon]) => (
          <button
            key={one}
            type="button"
            role="tab"
            aria-selected={way === one}
            onClick={() => {
              setWay(one);
              setError(null);
            }}
          >
            <Icon size={14} aria-hidden />
            {t(text)}
          </button>
        ))}
      </div>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !busy) void enter();
        }}
      >
        {way === "password" ? (
          <>
            <Field label={t("sign_in.email")}>{(id) => <input id={id} className="input" type="email" autoComplete="username" autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
            <Field label={t("sign_in.password")}>{(id) => <input id={id} className="input" type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />}</Field>
          </>
        ) : (
          <Field label={t("sign_in.key")} hint={t("sign_in.key_hint")}>
            {(id, described) => <input id={id} className="input mono" type="password" autoComplete="off" autoFocus spellCheck={false} aria-describedby={described} value={key} onChange={(event) => setKey(event.target.value)} />}
          </Field>
        )}
        {refused ? (
          <Note tone="bad" role="alert">
            <strong>{t(way === "key" ? "sign_in.wrong_key" : "sign_in.wrong_password")}</strong>
          </Note>
        ) : error ? (
          <ErrorBox error={error} />
        ) : null}
        <Button type="submit" kind="primary" disabled={!ready || busy}>
          <LogIn size={15} aria-hidden />
          {t("sign_in.act")}
        </Button>
      </form>
    </Frame>
  );
}
