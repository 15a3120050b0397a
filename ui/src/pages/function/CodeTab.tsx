import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { FilePlus2, RotateCcw, Save, Trash2 } from "lucide-react";
import { Suspense, useEffect, useMemo, useState } from "react";
import { useMay } from "../../api/me";
import { fileQuery, functionQuery, runQuery } from "../../api/queries";
import { Editor } from "../../editor";
import { problemsIn, type FileProblem } from "../../editor/problems";
import { useT } from "../../i18n";
import { Button, IconButton } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { ErrorBox, Loading, Note, Skeleton } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { BuildState } from "../../kit/State";
import { toast } from "../../kit/toast";
import { bytes } from "../../lib/format";
import { savedEvents } from "./events";
import { InvokeConsole, wrongJson } from "./InvokeConsole";
import { Split } from "./Split";
import { useCall } from "./useCall";
import { useCode, type Saved } from "./useCode";

const route = getRouteApi("/functions/$name/");
const page = getRouteApi("/functions/$name");

/** Code left, invoke console right. */
export function CodeTab() {
  const t = useT();
  const { name } = page.useParams();
  const search = route.useSearch();
  const navigate = useNavigate();
  const fn = useQuery(functionQuery(name));
  const qualifier = search.version && search.version !== String(fn.data?.version) ? search.version : undefined;
  const code = useCode(name, fn.data?.revision ?? 0, qualifier);
  const path = search.file && code.paths.includes(search.file) ? search.file : (code.entry ?? "");
  const may = useMay(name);
  const readOnly = qualifier !== undefined || !may("function:update");
  const [problems, setProblems] = useState<FileProblem[]>([]);
  const [failed, setFailed] = useState<Saved | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [event, setEvent] = useState(() => savedEvents(name)[0]?.body ?? "{}");
  const [stream, setStream] = useState(false);
  const [adding, setAdding] = useState<string | null>(null);

  // A run's input, to be called again with changes.
  const again = useQuery({ ...runQuery(search.run ?? ""), enabled: Boolean(search.run) });
  useEffect(() => {
    if (again.data?.input !== undefined && again.data.input !== null) setEvent(JSON.stringify(again.data.input, null, 2));
  }, [again.data]);

  const build = failed ?? (fn.data?.compile_status === "failed" ? { version: fn.data.version, compile_status: fn.data.compile_status, compile_output: fn.data.compile_output } : null);
  const { state, call, queue, cancel } = useCall(name, (answer) => {
    if (!answer.error) return;
    const { type, message, stack } = answer.error;
    const found = problemsIn([...(stack ?? []), message].join("\n"), code.paths, () => `${type}: ${message}`);
    setProblems(found.slice(-1));
  });

  const save = async (): Promise<boolean> => {
    if (!code.dirty || code.saving || readOnly) return !readOnly;
    setError(null);
    setProblems([]);
    try {
      const saved = await code.save();
      if (saved.compile_status === "failed") {
        setFailed(saved);
        setProblems(problemsIn(saved.compile_output, code.paths, (place) => place));
        return false;
      }
      setFailed(null);
      toast(t("code.saved", { version: saved.version }));
      return saved.compile_status === "success" || saved.compile_status === "not_required";
    } catch (problem) {
      setError(problem);
      return false;
    }
  };
  const run = async (later = false) => {
    if (state.running || code.saving || !may("function:invoke") || wrongJson(event) !== null) return;
    if (!readOnly && code.dirty && !(await save())) return;
    setProblems([]);
    const written = event.trim() === "" ? "{}" : event;
    void (later ? queue(written, qualifier) : call(written, stream, qualifier));
  };

  const left = (
    <div className="work-side">
      <div className="work-bar">
        <h2 style={{ fontSize: 13.5 }}>{t("code.title", { version: qualifier ?? fn.data?.version ?? "" })}</h2>
        {code.saving ? <BuildState status="compiling" /> : null}
        <span className="grow" />
        {readOnly && qualifier === undefined ? (
          <span className="small">{t("code.only_read")}</span>
        ) : readOnly ? (
          <Link to="/functions/$name" params={{ name }} className="btn" data-size="small">
            {t("code.to_active")}
          </Link>
        ) : (
          <>
            <IconButton label={t("code.add_file")} onClick={() => setAdding("")}>
              <FilePlus2 size={16} />
            </IconButton>
            {code.paths.length > 1 && path !== code.entry ? (
              <IconButton label={t("code.remove_file", { path })} onClick={() => code.remove(path)}>
                <Trash2 size={16} />
              </IconButton>
            ) : null}
            <IconButton label={t("code.drop")} disabled={!code.dirty} onClick={code.drop}>
              <RotateCcw size={16} />
            </IconButton>
            <Button onClick={() => void save()} disabled={!code.dirty || code.saving} title="Ctrl S" aria-keyshortcuts="Control+S">
              <Save size={14} aria-hidden />
              {code.saving ? t("code.saving") : t("code.save")}
            </Button>
          </>
        )}
      </div>
      {code.paths.length > 1 ? (
        <div className="files" role="tablist" aria-label={t("code.files")}>
          {code.paths.map((one) => (
            <button key={one} type="button" role="tab" aria-selected={one === path} data-state={one === path ? "active" : undefined} onClick={() => void navigate({ to: "/functions/$name", params: { name }, search: { ...search, file: one === code.entry ? undefined : one }, replace: true })}>
              {one}
              {code.draft[one] !== undefined ? <span className="dot" aria-label={t("code.unsaved")} /> : null}
            </button>
          ))}
        </div>
      ) : null}
      {error ? (
        <div style={{ padding: 12 }}>
          <ErrorBox error={error} />
        </div>
      ) : null}
      {code.files.error && !code.files.data ? (
        <div style={{ padding: 12 }}>
          <ErrorBox error={code.files.error} retry={() => void code.files.refetch()} />
        </div>
      ) : path ? (
        <FileEditor key={`${qualifier ?? ""}:${path}`} name={name} path={path} qualifier={qualifier} code={code} readOnly={readOnly} problems={problems} onSave={() => void save()} onRun={() => void run()} />
      ) : (
        <Loading />
      )}
      {build ? (
        <div className="problems" role="alert">
          <strong className="bad">{t("code.build_failed", { version: build.version })}</strong>
          <pre tabIndex={0}>{build.compile_output}</pre>
        </div>
      ) : null}
      <Dialog open={adding !== null} onClose={() => setAdding(null)} title={t("code.add_file")}>
        <form
          className="stack"
          onSubmit={(submit) => {
            submit.preventDefault();
            const made = (adding ?? "").trim();
            if (!FILE.test(made) || code.paths.includes(made)) return;
            code.change(made, "", undefined);
            setAdding(null);
            void navigate({ to: "/functions/$name", params: { name }, search: { ...search, file: made }, replace: true });
          }}
        >
          <Field label={t("code.path")} hint={t("code.path_hint")}>
            {(id, described) => <input id={id} className="input mono" value={adding ?? ""} aria-describedby={described} spellCheck={false} onChange={(change) => setAdding(change.target.value)} />}
          </Field>
          <div className="acts">
            <Button type="submit" kind="primary" disabled={!FILE.test((adding ?? "").trim()) || code.paths.includes((adding ?? "").trim())}>
              {t("code.add_file")}
            </Button>
          </div>
        </form>
      </Dialog>
    </div>
  );
  return (
    <Split
      left={left}
      right={<InvokeConsole key={name} name={name} event={event} setEvent={setEvent} stream={stream} setStream={setStream} qualifier={qualifier} dirty={code.dirty && !readOnly} busy={code.saving} allowed={may("function:invoke")} state={state} onCall={() => void run()} onQueue={() => void run(true)} onCancel={cancel} />}
    />
  );
}

const FILE = /^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[\w.@+-]+(\/[\w.@+-]+)*$/;

interface FileProps {
  name: string;
  path: string;
  qualifier?: string;
  code: ReturnType<typeof useCode>;
  readOnly: boolean;
  problems: FileProblem[];
  onSave: () => void;
  onRun: () => void;
}

function FileEditor({ name, path, qualifier, code, readOnly, problems, onSave, onRun }: FileProps) {
  const t = useT();
  const there = code.there.find((file) => file.path === path);
  const loadable = there !== undefined && code.canEdit(path);
  const file = useQuery({ ...fileQuery(name, path, qualifier), enabled: loadable });
  const mine = useMemo(() => problems.filter((one) => one.path === path), [problems, path]);
  const draft = readOnly ? undefined : code.draft[path];
  if (there && !loadable) return <NoText text={t("code.too_large", { size: bytes(there.size) })} />;
  if (file.data && file.data.encoding !== "utf8") return <NoText text={t("code.binary", { size: bytes(file.data.size) })} />;
  if (file.error && !file.data) {
    return (
      <div style={{ padding: 12 }}>
        <ErrorBox error={file.error} retry={() => void file.refetch()} />
      </div>
    );
  }
  if (there && !file.data) return <Loading lines={8} />;
  const original = file.data?.content;
  return (
    <Suspense fallback={<Skeleton height={300} />}>
      <Editor path={path} value={draft ?? original ?? ""} label={t("code.editor", { path })} readOnly={readOnly} problems={mine} onChange={(text) => code.change(path, text, original)} onSave={onSave} onRun={onRun} />
    </Suspense>
  );
}

function NoText({ text }: { text: string }) {
  return (
    <div style={{ padding: 12 }}>
      <Note tone="off">
        <span>{text}</span>
      </Note>
    </div>
  );
}
