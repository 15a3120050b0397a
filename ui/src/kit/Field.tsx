import { Search as SearchIcon } from "lucide-react";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";

export function Field({ label, hint, wrong, children }: { label: string; hint?: string; wrong?: string; children: (id: string, described: string | undefined) => ReactNode }) {
  const id = useId();
  const described = hint || wrong ? `${id}-about` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id, described)}
      {wrong ? (
        <span className="wrong" id={described} role="alert">
          {wrong}
        </span>
      ) : hint ? (
        <span className="hint" id={described}>
          {hint}
        </span>
      ) : null}
    </div>
  );
}

export function NumberField({ label, value, onChange, unit, min, max, hint, wrong }: { label: string; value: string; onChange: (value: string) => void; unit?: string; min: number; max: number; hint?: string; wrong?: string }) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(id, described) => (
        <span className="with-unit">
          <input
            id={id}
            className="input"
            type="number"
            inputMode="numeric"
            min={min}
            max={max}
            value={value}
            aria-invalid={wrong ? true : undefined}
            aria-describedby={described}
            onChange={(event) => onChange(event.target.value)}
          />
          {unit ? <span className="unit">{unit}</span> : null}
        </span>
      )}
    </Field>
  );
}

/** A search field whose text goes on after a short silence. */
export function Search({ value, onChange, label, autoFocus }: { value: string; onChange: (value: string) => void; label: string; autoFocus?: boolean }) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(value);
  useEffect(() => {
    // "Back" changes the value from outside.
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <span className="search">
      <SearchIcon size={15} aria-hidden />
      <input
        className="input"
        type="search"
        data-search=""
        aria-label={label}
        placeholder={label}
        value={text}
        autoFocus={autoFocus}
        onChange={(event) => {
          const next = event.target.value;
          setText(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            sent.current = next;
            onChange(next);
          }, 200);
        }}
      />
    </span>
  );
}

export function Select<T extends string>({ value, options, onChange, label }: { value: T; options: [T, string][]; onChange: (value: T) => void; label: string }) {
  return (
    <select className="select" style={{ width: "auto" }} aria-label={label} value={value} onChange={(event) => onChange(event.target.value as T)}>
      {options.map(([key, text]) => (
        <option key={key} value={key}>
          {text}
        </option>
      ))}
    </select>
  );
}
