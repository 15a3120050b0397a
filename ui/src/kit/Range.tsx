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

interface Props {
  value: RangeSearch;
  /** What is meant where the address says nothing. */
  fallback?: (typeof AGO)[number];
  /** Without a range, all that is kept is meant. */
  any?: boolean;
  onChange: (next: RangeSearch) => void;
}

/** The range of a page, which its address holds: a time ago, or a part chosen in a chart. */
export function Range({ value, fallback = "1h", any, onChange }: Props) {
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
  const none = any ? "" : fallback;
  const options = AGO.map((one): [string, string] => [one, t(`range.${one}`)]);
  return <Select label={t("range.label")} value={value.since ?? none} options={any ? [["", t("range.any")], ...options] : options} onChange={(since) => onChange(since === none ? {} : { since })} />;
}
