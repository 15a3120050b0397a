import { X } from "lucide-react";
import { useT } from "../i18n";

/** A filter that holds, and the way out of it. */
export function FilterChip({ text, onDrop }: { text: string; onDrop: () => void }) {
  const t = useT();
  return (
    <span className="chip">
      {text}
      <button type="button" aria-label={t("runs.drop_filter", { name: text })} onClick={onDrop}>
        <X size={13} aria-hidden />
      </button>
    </span>
  );
}
