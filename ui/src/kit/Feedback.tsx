import { CircleAlert, Inbox, Lock, RefreshCw, type LucideIcon } from "lucide-react";
import { Component, type ReactNode } from "react";
import { useMe } from "../api/me";
import { Problem, Unreachable } from "../api/problem";
import { useT, type Translate } from "../i18n";
import { Said } from "../lib/said";
import { Button } from "./Button";
import { Command, CopyButton } from "./Copy";

/** A box that says something in a tone. */
export function Note({ tone, icon: Icon = CircleAlert, children, role }: { tone: string; icon?: LucideIcon; children: ReactNode; role?: string }) {
  return (
    <div className="note-box" data-tone={tone} role={role}>
      <Icon size={16} aria-hidden />
      <div className="body">{children}</div>
    </div>
  );
}

/** What went wrong, as a sentence. */
export function sayError(error: unknown, t: Translate): string {
  if (error instanceof Problem) return error.message;
  if (error instanceof Said) return t(error.key);
  if (error instanceof Unreachable) return t("error.unreachable");
  return error instanceof Error ? error.message : String(error);
}

/** What happened, what to do now, and below it code and request id. */
export function ErrorBox({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useT();
  const problem = error instanceof Problem ? error : null;
  const denied = problem?.status === 403;
  return (
    <Note tone={denied ? "off" : "bad"} icon={denied ? Lock : CircleAlert} role="alert">
      <strong>{denied ? t("error.denied") : sayError(error, t)}</strong>
      {denied ? <span>{sayError(error, t)}</span> : null}
      {problem && problem.fields.length > 0 ? (
        <ul>
          {problem.fields.map((one) => (
            <li key={one.field}>
              <code>{one.field}</code> {one.message}
            </li>
          ))}
        </ul>
      ) : null}
      {problem ? (
        <span className="ids">
          <span>
            <code>{problem.code}</code>
          </span>
          {problem.requestId ? (
            <span className="id">
              {t("error.request")} <code>{problem.requestId}</code>
              <CopyButton text={problem.requestId} label={t("error.copy_request")} />
            </span>
          ) : null}
        </span>
      ) : null}
      {retry && !denied ? (
        <span>
          <Button size="small" onClick={retry}>
            <RefreshCw size={13} aria-hidden />
            {t("act.retry")}
          </Button>
        </span>
      ) : null}
    </Note>
  );
}

/** Nothing here yet: what this is, the command that makes the first one, the button that does it here. */
export function Empty({ icon: Icon = Inbox, title, text, command, children }: { icon?: LucideIcon; title: string; text?: string; command?: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <Icon size={28} strokeWidth={1.5} aria-hidden />
      <h2>{title}</h2>
      {text ? <p>{text}</p> : null}
      {command ? <Command text={command} /> : null}
      {children ? <div className="row">{children}</div> : null}
    </div>
  );
}

/** A page that this person may not see. */
export function Denied({ permission }: { permission: string }) {
  const t = useT();
  const me = useMe();
  return (
    <div className="page">
      <Empty icon={Lock} title={t("denied.title")} text={me ? t("denied.text", { name: me.name || me.subject, permission, tenant: me.tenant, namespace: me.namespace }) : undefined} />
    </div>
  );
}

export function Skeleton({ height = 14, width = "100%" }: { height?: number; width?: number | string }) {
  return <div className="skeleton" style={{ height, width }} aria-hidden />;
}

/** Lines in the shape of what comes. */
export function Loading({ lines = 6 }: { lines?: number }) {
  const t = useT();
  return (
    <div className="stack" role="status" aria-label={t("state.loading")} style={{ padding: 14 }}>
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} width={`${92 - ((index * 17) % 40)}%`} />
      ))}
    </div>
  );
}

/** A fault in the console itself stays on its page. */
export class Guard extends Component<{ children: ReactNode; fallback: (error: unknown) => ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return this.state.error === null ? this.props.children : this.props.fallback(this.state.error);
  }
}
