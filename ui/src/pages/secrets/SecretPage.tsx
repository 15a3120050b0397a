import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { SearchX, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan, useMay } from "../../api/me";
import { Problem } from "../../api/problem";
import { functionsQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Command } from "../../kit/Copy";
import { ConfirmName } from "../../kit/Dialog";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { Tags } from "../../kit/Tags";
import { Time } from "../../kit/Time";
import { toast } from "../../kit/toast";
import { GRANT, reaches, variableFor } from "../../lib/grants";
import { SecretValue } from "./SecretList";

const route = getRouteApi("/secrets/$name");

type Secret = Schemas["SecretView"];

/** One secret: who may have it, a new value, how to use it, its end. */
export function SecretPage() {
  const t = useT();
  const { name } = route.useParams();
  const may = useMay(name);
  const secret = useQuery({ queryKey: ["secret", name], queryFn: ({ signal }) => data(api.GET("/secrets/{name}", { params: { path: { name } }, signal })) });
  if (secret.error && !secret.data) {
    return (
      <div className="page">
        {secret.error instanceof Problem && secret.error.status === 404 ? (
          <Empty icon={SearchX} title={t("secrets.missing", { name })} text={t("secrets.missing_text")}>
            <Link to="/secrets" className="btn" data-kind="primary">
              {t("secrets.to_list")}
            </Link>
          </Empty>
        ) : (
          <ErrorBox error={secret.error} retry={() => void secret.refetch()} />
        )}
      </div>
    );
  }
  if (!secret.data) return <Loading />;
  const manage = may("secret:manage");
  return (
    <div className="page">
      <div className="page-head">
        <h1>{name}</h1>
        <span className="page-sub">{secret.data.description}</span>
      </div>
      <div className="stack prose" key={name}>
        <section className="card card-body" aria-label={t("secrets.facts")}>
          <dl className="facts">
            <div>
              <dt>{t("secrets.value")}</dt>
              <dd>{t("secrets.set", { n: secret.data.version })}</dd>
            </div>
            <div>
              <dt>{t("column.changed")}</dt>
              <dd>
                <Time at={secret.data.updated_at} />
              </dd>
            </div>
            <div>
              <dt>{t("secrets.created_at")}</dt>
              <dd>
                <Time at={secret.data.created_at} />
              </dd>
            </div>
          </dl>
        </section>
        <Grants secret={secret.data} manage={manage} />
        <section className="card">
          <div className="card-head">
            <h2>{t("secrets.use")}</h2>
          </div>
          <div className="card-body stack-s">
            <p className="small">{t("secrets.use_about")}</p>
            <Command text={`nova fn update ${secret.data.functions[0]?.replace(/\*$/, "") || "NAME"} --env ${variableFor(name)}='$SECRET:${name}'`} />
          </div>
        </section>
        {manage ? <NewValue secret={secret.data} /> : null}
        {manage ? <Remove secret={secret.data} /> : null}
      </div>
    </div>
  );
}

/** Sends a change and shows what came of it. */
function useChange(name: string) {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const change = async (body: Partial<Schemas["PatchSecret"]>): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      const view = await data(api.PATCH("/secrets/{name}", { params: { path: { name } }, body: body as Schemas["PatchSecret"] }));
      queries.setQueryData(["secret", name], view);
      void queries.invalidateQueries({ queryKey: ["secrets"] });
      return true;
    } catch (problem) {
      setError(problem);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { change, busy, error };
}

function Grants({ secret, manage }: { secret: Secret; manage: boolean }) {
  const t = useT();
  const can = useCan();
  const { change, busy, error } = useChange(secret.name);
  const functions = useInfiniteQuery({ ...functionsQuery("", ""), enabled: can("function:read") });
  const names = functions.data?.pages.flatMap((page) => page.items.map((one) => one.name)) ?? [];
  const reached = names.filter((name) => secret.functions.some((grant) => reaches(grant, name)));
  return (
    <section className="card" aria-label={t("secrets.grants")} aria-busy={busy}>
      <div className="card-head">
        <h2>{t("secrets.grants")}</h2>
        <span className="small">{t("secrets.grants_about")}</span>
      </div>
      <div className="card-body stack">
        {secret.functions.length === 0 ? <p className="small">{t("secrets.nobody_yet")}</p> : null}
        <Tags label={t("secrets.grant_to")} values={secret.functions} onAdd={(one) => void change({ grant: [one] }).then((done) => done && toast(t("secrets.granted", { to: one })))} onRemove={(one) => void change({ revoke: [one] }).then((done) => done && toast(t("secrets.revoked", { to: one })))} valid={(one) => GRANT.test(one)} rule={t("secrets.grant_rule")} placeholder="api-*" suggestions={names.slice(0, 50)} disabled={!manage} />
        {reached.length > 0 ? (
          <p className="small">
            {t("secrets.reached")}{" "}
            {reached.slice(0, 20).map((name, index) => (
              <span key={name}>
                {index > 0 ? ", " : ""}
                <Link to="/functions/$name/access" params={{ name }}>
                  {name}
                </Link>
              </span>
            ))}
            {reached.length > 20 ? " …" : ""}
          </p>
        ) : null}
        {error ? <ErrorBox error={error} /> : null}
      </div>
    </section>
  );
}

function NewValue({ secret }: { secret: Secret }) {
  const t = useT();
  const { change, busy, error } = useChange(secret.name);
  const [value, setValue] = useState("");
  return (
    <form
      className="card"
      aria-label={t("secrets.new_value")}
      onSubmit={(event) => {
        event.preventDefault();
        if (value === "" || busy) return;
        void change({ value }).then((done) => {
          if (!done) return;
          setValue("");
          toast(t("secrets.new_value_done", { name: secret.name }));
        });
      }}
    >
      <div className="card-head">
        <h2>{t("secrets.new_value")}</h2>
        <span className="small">{t("secrets.new_value_about")}</span>
      </div>
      <div className="card-body stack">
        <SecretValue value={value} onChange={setValue} wrong={error instanceof Problem ? error.about("value") : undefined} />
        {error ? <ErrorBox error={error} /> : null}
        <span>
          <Button type="submit" disabled={value === "" || busy}>
            {t("secrets.new_value_act")}
          </Button>
        </span>
      </div>
    </form>
  );
}

function Remove({ secret }: { secret: Secret }) {
  const t = useT();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  return (
    <section className="card" aria-label={t("secrets.delete")}>
      <div className="card-body row">
        <div className="grow">
          <h2 style={{ fontSize: 13.5 }}>{t("secrets.delete")}</h2>
          <p className="small">{t("delete.about")}</p>
        </div>
        <Button kind="danger" onClick={() => setOpen(true)}>
          <Trash2 size={14} aria-hidden />
          {t("delete.act", { name: secret.name })}
        </Button>
      </div>
      <ConfirmName
        open={open}
        onClose={() => setOpen(false)}
        title={t("secrets.delete_ask", { name: secret.name })}
        name={secret.name}
        verb={t("delete.act", { name: secret.name })}
        plan={
          <ul style={{ listStyle: "disc", paddingLeft: 20 }}>
            <li>{t("secrets.delete_values", { n: secret.version })}</li>
            {secret.functions.length > 0 ? <li>{t("secrets.delete_grants", { functions: secret.functions.join(", ") })}</li> : null}
            <li>{t("secrets.delete_calls")}</li>
          </ul>
        }
        act={async () => {
          await data(api.DELETE("/secrets/{name}", { params: { path: { name: secret.name } } }));
          toast(t("delete.done", { name: secret.name }));
          await navigate({ to: "/secrets" });
          queries.removeQueries({ queryKey: ["secret", secret.name] });
          await queries.invalidateQueries({ queryKey: ["secrets"] });
        }}
      />
    </section>
  );
}
