import { JsonView } from "../../kit/JsonView";
import { bytes } from "../../lib/format";

/** What went in or came out, or why that is not shown. */
export function ValueCard({ title, size, value, absent }: { title: string; size?: number; value: unknown; absent: string }) {
  return (
    <section className="card" aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
        {size === undefined ? null : <span className="small">{bytes(size)}</span>}
      </div>
      <div className="card-body">{value !== null && value !== undefined ? <JsonView value={value} /> : <span className="muted">{absent}</span>}</div>
    </section>
  );
}
