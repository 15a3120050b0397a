import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Upload } from "lucide-react";
import { Suspense, useRef, useState } from "react";
import { api, data } from "../../api/client";
import { useNames } from "../../api/me";
import { Problem } from "../../api/problem";
import { runtimesQuery } from "../../api/queries";
import { Editor } from "../../editor";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { ErrorBox, Skeleton } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { toast } from "../../kit/toast";
import { bytes } from "../../lib/format";
import { saveEvent } from "../function/events";
import { TEMPLATES } from "./templates";
import { UPLOAD_MAX, readUpload, type Uploaded } from "./upload";

const route = getRouteApi("/functions/new");
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** A new function: from a template that one may change at once, or from files. */
export function Create() {
  const t = useT();
  const { from } = route.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const runtimes = useQuery(runtimesQuery);
  const names = useNames("function:create");
  const [template, setTemplate] = useState(TEMPLATES[0]!);
  const [name, setName] = useState("");
  const [code, setCode] = useState(template.code);
  const [runtime, setRuntime] = useState("python");
  const [handler, setHandler] = useState("main.handler");
  const [upload, setUpload] = useState<Uploaded | null>(null);
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [touched, setTouched] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const uploading = from === "upload";
  const available = (wanted: string) => runtimes.data?.items.find((one) => one.name === wanted)?.available ?? true;
  const wrongName = !touched || NAME.test(name) ? (error instanceof Problem ? error.about("name") : undefined) : t("create.name_rule");

  const take = async (files: FileList | null) => {
    if (!files || files.length === 0) return;
    setError(null);
    try {
      const taken = await readUpload([...files]);
      setUpload(taken);
      if (taken.runtime) {
        setRuntime(taken.runtime);
        setHandler(["python", "node", "ruby"].includes(taken.runtime) ? `${(taken.entry ?? "main").replace(/\.\w+$/, "")}.handler` : "");
      }
    } catch (problem) {
      setError(problem);
    }
  };

  const submit = async () => {
    setTouched(true);
    if (!NAME.test(name) || busy || (uploading && !upload)) return;
    setBusy(true);
    setError(null);
    try {
      const made = await data(
        api.POST("/functions", {
          body: uploading
            ? { name, runtime, handler: handler.trim() || undefined, ...(upload?.archive ? { archive: upload.archive } : { files: upload?.files ?? {} }), ...(upload?.entry ? { entry: upload.entry } : {}) }
            : { name, runtime: template.runtime, handler: template.handler, code, entry: template.entry },
        }),
      );
      if (!uploading) saveEvent(name, { name: t("event.example"), body: template.event });
      void queries.invalidateQueries({ queryKey: ["functions"] });
      toast(made.compile_status === "failed" ? t("create.build_failed", { name }) : t("create.done", { name }), made.compile_status === "failed" ? "bad" : "ok");
      await navigate({ to: "/functions/$name", params: { name } });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("create.title")}</h1>
      </div>
      <form
        className="stack"
        style={{ maxWidth: 1100 }}
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="row" role="radiogroup" aria-label={t("create.how")}>
          <Button role="radio" aria-checked={!uploading} data-state={uploading ? undefined : "on"} onClick={() => void navigate({ to: "/functions/new", search: {}, replace: true })}>
            {t("create.from_template")}
          </Button>
          <Button role="radio" aria-checked={uploading} data-state={uploading ? "on" : undefined} onClick={() => void navigate({ to: "/functions/new", search: { from: "upload" }, replace: true })}>
            {t("create.from_upload")}
          </Button>
        </div>
        <div style={{ maxWidth: 420 }}>
          <Field label={t("column.name")} hint={names ? t("create.name_hint_some", { names: names.join(", ") }) : t("create.name_hint")} wrong={wrongName}>
            {(id, described) => <input id={id} className="input mono" value={name} autoFocus autoComplete="off" spellCheck={false} aria-invalid={wrongName ? true : undefined} aria-describedby={described} placeholder="hello" onChange={(event) => setName(event.target.value)} onBlur={() => setTouched(name !== "")} />}
          </Field>
        </div>
        {uploading ? (
          <>
            <div
              className="drop"
              data-over={over ? "" : undefined}
              onDragOver={(event) => {
                event.preventDefault();
                setOver(true);
              }}
              onDragLeave={() => setOver(false)}
              onDrop={(event) => {
                event.preventDefault();
                setOver(false);
                void take(event.dataTransfer.files);
              }}
            >
              <Upload size={22} strokeWidth={1.5} aria-hidden />
              {upload ? (
                <span>
                  <strong>{upload.label}</strong> {bytes(upload.size)}
                </span>
              ) : (
                <span>{t("create.drop", { size: bytes(UPLOAD_MAX) })}</span>
              )}
              <Button onClick={() => picker.current?.click()}>{t("create.choose_files")}</Button>
              <input ref={picker} type="file" multiple hidden aria-label={t("create.choose_files")} onChange={(event) => void take(event.target.files)} />
            </div>
            <div className="form-grid" style={{ maxWidth: 640 }}>
              <Field label={t("column.runtime")}>
                {(id) => (
                  <select id={id} className="select" value={runtime} onChange={(event) => setRuntime(event.target.value)}>
                    {(runtimes.data?.items ?? [{ name: "python", available: true }]).map((one) => (
                      <option key={one.name} value={one.name} disabled={!one.available}>
                        {one.name}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
              <Field label={t("config.handler")} hint={t("config.handler_hint")}>
                {(id, described) => <input id={id} className="input mono" value={handler} aria-describedby={described} spellCheck={false} onChange={(event) => setHandler(event.target.value)} />}
              </Field>
            </div>
          </>
        ) : (
          <>
            <div className="templates" role="radiogroup" aria-label={t("create.template")}>
              {TEMPLATES.map((one) => (
                <button
                  key={one.id}
                  type="button"
                  role="radio"
                  aria-checked={one.id === template.id}
                  className="template"
                  disabled={!available(one.runtime)}
                  onClick={() => {
                    setTemplate(one);
                    setCode(one.code);
                  }}
                >
                  <strong>{one.name}</strong>
                  <span>{available(one.runtime) ? t(one.about) : t("create.not_on_host")}</span>
                </button>
              ))}
            </div>
            <div className="card" style={{ height: 320, display: "flex", overflow: "hidden" }}>
              <Suspense fallback={<Skeleton height={320} />}>
                <Editor key={template.id} path={template.entry} value={code} label={t("code.editor", { path: template.entry })} onChange={setCode} onSave={() => void submit()} />
              </Suspense>
            </div>
          </>
        )}
        {error ? <ErrorBox error={error} /> : null}
        <div className="row">
          <Button type="submit" kind="primary" disabled={busy || (uploading && !upload)}>
            {busy ? t("create.busy") : t("create.act")}
          </Button>
          <span className="small">{t("create.terminal")}</span>
        </div>
      </form>
    </div>
  );
}
