import { useQuery } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { api, data, type Schemas } from "../../../api/client";
import { useMay } from "../../../api/me";
import { useT } from "../../../i18n";
import { Button } from "../../../kit/Button";
import { Command } from "../../../kit/Copy";
import { ErrorBox, Note } from "../../../kit/Feedback";
import { Field } from "../../../kit/Field";
import { Time } from "../../../kit/Time";
import { useAct } from "../../../kit/useAct";
import { useSave } from "../useSave";
import { WebRules } from "./WebRules";
import { aliasesQuery } from "./queries";

type FunctionView = Schemas["FunctionView"];

const WAYS = ["off", "public", "key", "signed"] as const;
type Way = (typeof WAYS)[number];

/** Whether, and for whom, the function has an address on the web. */
export function WebAddress({ fn }: { fn: FunctionView }) {
  const t = useT();
  const may = useMay(fn.name);
  const { save, busy, error } = useSave(fn);
  // What is clicked is shown at once.
  const [chosen, setChosen] = useState<Way | null>(null);
  const aliases = useQuery(aliasesQuery(fn.name));
  const address = useQuery({ queryKey: ["function", fn.name, "url", fn.http], queryFn: ({ signal }) => data(api.GET("/functions/{name}/url", { params: { path: { name: fn.name } }, signal })) });
  const change = may("function:update") && may("function:share");
  const choose = (way: Way) => {
    // Whatever anybody on the network may call is not opened by one slip of the mouse.
    setChosen(way);
    if (way !== "public") void save({ http: way }).then(() => setChosen(null));
  };
  const url = address.data?.url ?? null;
  return (
    <section className="card" aria-label={t("web.title")} aria-busy={busy}>
      <div className="card-head">
        <h2>{t("web.title")}</h2>
        <span className="small">{t("config.same_version")}</span>
      </div>
      <div className="card-body stack">
        <div className="choices" role="radiogroup" aria-label={t("web.who")}>
          {WAYS.map((way) => (
            <label key={way} className="choice" data-on={(chosen ?? fn.http) === way ? "" : undefined}>
              <input type="radio" name="web" checked={(chosen ?? fn.http) === way} disabled={!change || busy} onChange={() => choose(way)} />
              <span>
                <strong>{t(`web.${way}`)}</strong>
                <span className="small">{t(`web.about_${way}`)}</span>
              </span>
            </label>
          ))}
        </div>
        {chosen === "public" && fn.http !== "public" ? (
          <Note tone="wait">
            <strong>{t("web.sure")}</strong>
            <span className="row">
              <Button size="small" kind="danger" disabled={busy} onClick={() => void save({ http: "public" }).then((done) => done && setChosen(null))}>
                {t("web.make_public")}
              </Button>
              <Button size="small" onClick={() => setChosen(null)}>
                {t("web.leave")}
              </Button>
            </span>
          </Note>
        ) : null}
        {error ? <ErrorBox error={error} /> : null}
        {fn.http !== "off" ? (
          <>
            {address.error ? <ErrorBox error={address.error} retry={() => void address.refetch()} /> : null}
            {address.data && url === null ? (
              <Note tone="wait">
                <span>{t("web.no_listener")}</span>
              </Note>
            ) : null}
            {url !== null ? (
              <span className="row">
                <Command text={url} />
                {fn.http === "public" ? (
                  <a className="btn" href={url} target="_blank" rel="noreferrer noopener">
                    <ExternalLink size={14} aria-hidden />
                    {t("web.open")}
                  </a>
                ) : null}
              </span>
            ) : null}
            <Field label={t("web.alias")} hint={t("web.alias_about")}>
              {(id, described) => (
                <select id={id} className="select" style={{ maxWidth: 260 }} value={fn.http_alias ?? ""} aria-describedby={described} disabled={!change || busy} onChange={(event) => void save({ http_alias: event.target.value || null } as Partial<Schemas["PatchFunction"]>)}>
                  <option value="">{t("web.active")}</option>
                  {[...new Set([...(aliases.data?.items ?? []).map((one) => one.name), ...(fn.http_alias ? [fn.http_alias] : [])])].map((one) => (
                    <option key={one} value={one}>
                      {one}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <WebRules fn={fn} disabled={!change} />
            {fn.http === "signed" && url !== null && may("function:share") ? <Sign name={fn.name} /> : null}
          </>
        ) : null}
      </div>
    </section>
  );
}

const LIVES = [
  ["3600", "web.hour"],
  ["86400", "web.day"],
  ["604800", "web.week"],
  ["2592000", "web.month"],
] as const;

/** Makes an address that whoever has it may use for some time. */
function Sign({ name }: { name: string }) {
  const t = useT();
  const [path, setPath] = useState("/");
  const [method, setMethod] = useState("GET");
  const [seconds, setSeconds] = useState("3600");
  const [made, setMade] = useState<Schemas["SignedUrl"] | null>(null);
  const { act, busy, error } = useAct();
  return (
    <form
      className="stack-s"
      aria-label={t("web.sign")}
      onSubmit={(event) => {
        event.preventDefault();
        if (busy || !path.startsWith("/")) return;
        void act(() => data(api.POST("/functions/{name}/url", { params: { path: { name } }, body: { path, method, expires_s: Number(seconds) } }))).then(({ value }) => setMade(value ?? null));
      }}
    >
      <div className="form-grid">
        <Field label={t("web.path")} wrong={path.startsWith("/") ? undefined : t("web.path_rule")}>
          {(id, described) => <input id={id} className="input mono" value={path} aria-describedby={described} spellCheck={false} onChange={(event) => setPath(event.target.value)} />}
        </Field>
        <Field label={t("web.method")}>
          {(id) => (
            <select id={id} className="select" value={method} onChange={(event) => setMethod(event.target.value)}>
              {["GET", "POST", "PUT", "PATCH", "DELETE"].map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("web.good_for")}>
          {(id) => (
            <select id={id} className="select" value={seconds} onChange={(event) => setSeconds(event.target.value)}>
              {LIVES.map(([value, text]) => (
                <option key={value} value={value}>
                  {t(text)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <span>
        <Button type="submit" disabled={busy || !path.startsWith("/")}>
          {t("web.sign_act")}
        </Button>
      </span>
      {error ? <ErrorBox error={error} /> : null}
      {made ? (
        <div className="stack-s" role="status">
          <Command text={made.url} />
          <span className="small">
            {made.method} · {t("people.ends")} <Time at={made.expires_at} future />
          </span>
        </div>
      ) : null}
    </form>
  );
}
