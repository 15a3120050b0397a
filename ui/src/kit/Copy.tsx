import { Link } from "@tanstack/react-router";
import { Check, Copy as CopyIcon } from "lucide-react";
import { useState } from "react";
import { useT } from "../i18n";
import { shortId } from "../lib/format";
import { IconButton } from "./Button";
import { toast } from "./toast";

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not a secure context, or not allowed: the old way.
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function useCopy(): (text: string) => Promise<void> {
  const t = useT();
  return async (text) => {
    if (await copy(text)) toast(t("copy.done"));
    else toast(t("copy.failed"), "bad");
  };
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const t = useT();
  const [done, setDone] = useState(false);
  return (
    <IconButton
      label={label ?? t("copy.it")}
      size="small"
      onClick={(event) => {
        event.stopPropagation();
        event.preventDefault();
        void copy(text).then((ok) => {
          setDone(ok);
          setTimeout(() => setDone(false), 1500);
        });
      }}
    >
      {done ? <Check size={13} /> : <CopyIcon size={13} />}
    </IconButton>
  );
}

/** An id: its end, the whole on hover, and a button that copies it. */
export function Id({ id, whole, to }: { id: string; whole?: boolean; to?: "/runs/$id" | "/jobs/$id" }) {
  const text = whole ? id : shortId(id);
  return (
    <span className="id">
      {to ? (
        <Link to={to} params={{ id }} title={id}>
          {text}
        </Link>
      ) : (
        <span title={id}>{text}</span>
      )}
      <CopyButton text={id} />
    </span>
  );
}

/** A command for a terminal. */
export function Command({ text }: { text: string }) {
  return (
    <span className="command">
      <code tabIndex={0}>{text}</code>
      <CopyButton text={text} />
    </span>
  );
}
