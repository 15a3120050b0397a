import { CircleCheck, CircleX, X } from "lucide-react";
import { createStore, useStore } from "../lib/store";
import { useT } from "../i18n";
import { IconButton } from "./Button";

interface Toast {
  id: number;
  tone: "ok" | "bad";
  text: string;
}

const toasts = createStore<Toast[]>([]);
let next = 0;

export function toast(text: string, tone: Toast["tone"] = "ok"): void {
  next += 1;
  const id = next;
  toasts.set((now) => [...now.slice(-3), { id, tone, text }]);
  setTimeout(() => dismiss(id), tone === "ok" ? 4000 : 12_000);
}

function dismiss(id: number): void {
  toasts.set((now) => now.filter((one) => one.id !== id));
}

export function Toasts() {
  const t = useT();
  const all = useStore(toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {all.map((one) => (
        <div key={one.id} className="toast" data-tone={one.tone}>
          {one.tone === "ok" ? <CircleCheck size={16} color="var(--tone)" aria-hidden /> : <CircleX size={16} color="var(--tone)" aria-hidden />}
          <div className="body">{one.text}</div>
          <IconButton label={t("act.dismiss")} size="small" onClick={() => dismiss(one.id)}>
            <X size={14} />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
