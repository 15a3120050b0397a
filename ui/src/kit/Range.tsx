import { ZoomOut } from "lucide-react";
import { useT } from "../i18n";
import { moment } from "../lib/format";
import { preferences } from "../lib/preferences";
import { useStore } from "../lib/store";
import { Button } from "./Button";
import { Select } from "./Field";

export interface RangeSearch {
  since?: string;
  until?: string;
}

const AGO = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;

/** The range of a page, which its address holds: a time ago, or a part chosen in a chart. */
export function Range({ value, fallback = "1h", onChange }: { value: RangeSearch; fallback?: (typeof AGO)[number]; onChange: (next: RangeSearch) => void }) {
  const t = useT();
  const { zone } = useStore(preferences);
  if (value.until || (value.since && !AGO.some((one) => one === value.since))) {
    const text = (at: string | undefined) => (at ? moment(Date.parse(at), zone) : t("range.now"));
    return (
      <Button onClick={() => onChange({})} title={`${value.since ?? ""} – ${value.until ?? ""}`}>
        <ZoomOut size={14} aria-hidden />
        {text(value.since)} – {text(value.until)}
      </Button>
    );
  }
  return (
    <Select
      label={t("range.label")}
      value={(value.since as (typeof AGO)[number]) ?? fallback}
      options={AGO.map((one) => [one, t(`range.${one}`)])}
      onChange={(since) => onChange(since === fallback ? {} : { since })}
    />
  );
}
