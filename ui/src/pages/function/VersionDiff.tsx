import { useQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import { diffQuery, fileQuery } from "../../api/queries";
import { Diff } from "../../editor";
import { useT } from "../../i18n";
import { ErrorBox, Loading, Skeleton } from "../../kit/Feedback";

/** What differs between two versions: settings as a table, text files line by line. */
export function VersionDiff({ name, from, to }: { name: string; from: number; to: number }) {
  const t = useT();
  const diff = useQuery(diffQuery(name, from, to));
  if (diff.error) return <ErrorBox error={diff.error} retry={() => void diff.refetch()} />;
  if (!diff.data) return <Loading lines={3} />;
  const files = diff.data.changes.filter((change) => change.field.startsWith("files/"));
  const settings = diff.data.changes.filter((change) => !change.field.startsWith("files/") && !["code", "code_hash", "code_size"].includes(change.field));
  if (files.length === 0 && settings.length === 0) return <p className="muted">{t("versions.same")}</p>;
  const show = (value: unknown) => (value === null || value === undefined ? <span className="muted">{t("versions.absent")}</span> : <code>{typeof value === "string" ? value : JSON.stringify(value)}</code>);
  return (
    <div className="stack">
      {settings.length > 0 ? (
        <div className="card scroll-x" tabIndex={0}>
          <table className="plain-table">
            <thead>
              <tr>
                <th>{t("system.setting")}</th>
                <th>v{from}</th>
                <th>v{to}</th>
              </tr>
            </thead>
            <tbody>
              {settings.map((change) => (
                <tr key={change.field}>
                  <td>
                    <code>{change.field}</code>
                  </td>
                  <td>{show(change.from)}</td>
                  <td>{show(change.to)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {files.map((change) => (
        <FileDiff key={change.field} name={name} path={change.field.slice("files/".length)} from={from} to={to} before={change.from !== null && change.from !== undefined} after={change.to !== null && change.to !== undefined} />
      ))}
    </div>
  );
}

function FileDiff({ name, path, from, to, before, after }: { name: string; path: string; from: number; to: number; before: boolean; after: boolean }) {
  const t = useT();
  const old = useQuery({ ...fileQuery(name, path, String(from)), enabled: before, staleTime: Infinity });
  const now = useQuery({ ...fileQuery(name, path, String(to)), enabled: after, staleTime: Infinity });
  const error = old.error ?? now.error;
  const ready = (!before || old.data) && (!after || now.data);
  const text = (old.data?.encoding ?? "utf8") === "utf8" && (now.data?.encoding ?? "utf8") === "utf8";
  return (
    <div className="diff-file">
      <header>
        {path} {before ? null : <span className="tag">{t("versions.added")}</span>}
        {after ? null : <span className="tag">{t("versions.removed")}</span>}
      </header>
      {error ? <ErrorBox error={error} /> : null}
      {ready ? (
        text ? (
          <Suspense fallback={<Skeleton height={120} />}>
            <Diff path={path} before={old.data?.content ?? ""} after={now.data?.content ?? ""} label={t("versions.diff_of", { path })} />
          </Suspense>
        ) : (
          <p className="muted card-body">{t("versions.binary")}</p>
        )
      ) : error ? null : (
        <Loading lines={3} />
      )}
    </div>
  );
}
