import { Plus, X } from "lucide-react";
import { useState } from "react";
import { useT } from "../i18n";
import { Button } from "./Button";

interface Props {
  label: string;
  values: string[];
  onAdd: (value: string) => void;
  onRemove: (value: string) => void;
  valid: (value: string) => boolean;
  rule: string;
  placeholder?: string;
  suggestions?: string[];
  disabled?: boolean;
}

/** Short texts beside each other, each with a way out, and a field for one more. */
export function Tags({ label, values, onAdd, onRemove, valid, rule, placeholder, suggestions, disabled }: Props) {
  const t = useT();
  const [text, setText] = useState("");
  const made = text.trim();
  const wrong = made !== "" && (!valid(made) || values.includes(made));
  const add = () => {
    if (made === "" || wrong) return;
    onAdd(made);
    setText("");
  };
  return (
    <div className="stack-s">
      {values.length > 0 ? (
        <ul className="row">
          {values.map((one) => (
            <li key={one} className="chip mono">
              {one}
              {disabled ? (
                <span style={{ width: 6 }} />
              ) : (
                <button type="button" aria-label={t("tags.remove", { value: one })} title={t("tags.remove", { value: one })} onClick={() => onRemove(one)}>
                  <X size={13} aria-hidden />
                </button>
              )}
            </li>
          ))}
        </ul>
      ) : null}
      {disabled ? null : (
        <>
          <span className="row" style={{ flexWrap: "nowrap" }}>
            <input
              className="input mono"
              style={{ maxWidth: 320 }}
              aria-label={label}
              aria-invalid={wrong || undefined}
              placeholder={placeholder}
              value={text}
              list={suggestions ? `${label}-list` : undefined}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== "Enter") return;
                event.preventDefault();
                add();
              }}
            />
            <Button disabled={made === "" || wrong} onClick={add}>
              <Plus size={14} aria-hidden />
              {t("tags.add")}
            </Button>
            {suggestions ? (
              <datalist id={`${label}-list`}>
                {suggestions.map((one) => (
                  <option key={one} value={one} />
                ))}
              </datalist>
            ) : null}
          </span>
          <span className="small" role={wrong ? "alert" : undefined}>
            {rule}
          </span>
        </>
      )}
    </div>
  );
}
