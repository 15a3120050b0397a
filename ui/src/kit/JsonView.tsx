import { ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { useT } from "../i18n";
import { CopyButton, useCopy } from "./Copy";
import { Button } from "./Button";
import { Search } from "./Field";

/** JSON as a tree: search, fold, copy a path, or as raw text. */
export function JsonView({ value, raw }: { value: unknown; raw?: string }) {
  const t = useT();
  const [asText, setAsText] = useState(false);
  const [needle, setNeedle] = useState("");
  const text = useMemo(() => raw ?? JSON.stringify(value, null, 2) ?? "null", [raw, value]);
  const nested = typeof value === "object" && value !== null;
  return (
    <div className="stack-s">
      {nested ? (
        <div className="row">
          <Search value={needle} onChange={setNeedle} label={t("json.search")} />
          <Button size="small" aria-pressed={asText} onClick={() => setAsText(!asText)}>
            {t("json.raw")}
          </Button>
          <CopyButton text={text} />
        </div>
      ) : null}
      {asText || (typeof value === "string" && value.includes("\n")) ? (
        <pre className="raw" tabIndex={0}>{typeof value === "string" && !asText ? value : text}</pre>
      ) : (
        <div className="json" tabIndex={0} role="group" aria-label="JSON">
          <Node value={value} path="$" needle={needle.toLowerCase()} depth={0} />
        </div>
      )}
    </div>
  );
}

const MOST = 200;

function Node({ value, path, name, needle, depth }: { value: unknown; path: string; name?: string; needle: string; depth: number }) {
  const t = useT();
  const [chosen, choose] = useState<boolean | null>(null);
  const key = name === undefined ? null : <KeyName name={name} path={path} needle={needle} />;
  if (typeof value !== "object" || value === null) {
    return (
      <div className="leaf">
        {key}
        <Leaf value={value} needle={needle} />
      </div>
    );
  }
  const list = Array.isArray(value);
  const entries: [string, unknown][] = list ? value.map((one, index) => [String(index), one]) : Object.entries(value);
  if (entries.length === 0) {
    return (
      <div className="leaf">
        {key}
        <span className="faint">{list ? "[]" : "{}"}</span>
      </div>
    );
  }
  const shown = entries.slice(0, MOST);
  // Found text is shown even where it was folded away.
  const open = chosen ?? (depth < 3 || (needle !== "" && holds(value, needle)));
  return (
    <div>
      <div className="leaf">
        <button type="button" className="fold" aria-expanded={open} aria-label={t(open ? "json.fold" : "json.unfold", { path })} onClick={() => choose(!open)}>
          <ChevronRight size={13} aria-hidden />
        </button>
        {key}
        <span className="faint">{list ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </div>
      {open ? (
        <div className="inner">
          {shown.map(([child, inner]) => (
            <Node key={child} value={inner} name={child} path={list ? `${path}[${child}]` : step(path, child)} needle={needle} depth={depth + 1} />
          ))}
          {entries.length > MOST ? <div className="leaf faint">{t("json.more", { n: entries.length - MOST })}</div> : null}
        </div>
      ) : null}
    </div>
  );
}

function KeyName({ name, path, needle }: { name: string; path: string; needle: string }) {
  const t = useT();
  const copy = useCopy();
  return (
    <>
      <button
        type="button"
        className="key"
        title={t("json.copy_path", { path })}
        onClick={() => void copy(path)}
      >
        <Marked text={name} needle={needle} />
      </button>
      <span className="faint">: </span>
    </>
  );
}

function Leaf({ value, needle }: { value: unknown; needle: string }) {
  if (typeof value === "string") {
    return (
      <span className="text">
        "<Marked text={value} needle={needle} />"
      </span>
    );
  }
  const kind = typeof value === "number" ? "number" : "word";
  return (
    <span className={kind}>
      <Marked text={String(value)} needle={needle} />
    </span>
  );
}

/** Text with what is looked for marked. */
export function Marked({ text, needle }: { text: string; needle: string }) {
  if (!needle) return text;
  const parts = [];
  const lower = text.toLowerCase();
  let at = 0;
  for (let found = lower.indexOf(needle); found >= 0 && parts.length < 100; found = lower.indexOf(needle, at)) {
    parts.push(text.slice(at, found), <mark key={found}>{text.slice(found, found + needle.length)}</mark>);
    at = found + needle.length;
  }
  return [...parts, text.slice(at)];
}

export function step(path: string, key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

export function holds(value: unknown, needle: string): boolean {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).some(([key, inner]) => key.toLowerCase().includes(needle) || holds(inner, needle));
  }
  return String(value).toLowerCase().includes(needle);
}
