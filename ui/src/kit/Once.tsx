import { TriangleAlert } from "lucide-react";
import { useT } from "../i18n";
import { Button } from "./Button";
import { CopyButton } from "./Copy";
import { Note } from "./Feedback";

/** Something that is shown this one time: to be copied, then gone. */
export function Once({ about, label, text, beside, onDone }: { about: string; label?: string; text: string; beside?: [label: string, text: string]; onDone: () => void }) {
  const t = useT();
  return (
    <div className="stack">
      <Note tone="wait" icon={TriangleAlert}>
        <strong>{about}</strong>
      </Note>
      {beside ? <Shown label={beside[0]} text={beside[1]} /> : null}
      <Shown label={label} text={text} />
      <div className="acts">
        <Button kind="primary" onClick={onDone}>
          {t("once.kept")}
        </Button>
      </div>
    </div>
  );
}

function Shown({ label, text }: { label?: string; text: string }) {
  return (
    <div className="field">
      {label ? <span className="label">{label}</span> : null}
      <span className="command" data-wide="">
        <code tabIndex={0}>{text}</code>
        <CopyButton text={text} />
      </span>
    </div>
  );
}
