import { TriangleAlert } from "lucide-react";
import { useT } from "../i18n";
import { Button } from "./Button";
import { CopyButton } from "./Copy";
import { Note } from "./Feedback";

/** Something that is shown this one time: to be copied, then gone. */
export function Once({ about, text, onDone }: { about: string; text: string; onDone: () => void }) {
  const t = useT();
  return (
    <div className="stack">
      <Note tone="wait" icon={TriangleAlert}>
        <strong>{about}</strong>
      </Note>
      <span className="command" data-wide="">
        <code tabIndex={0}>{text}</code>
        <CopyButton text={text} />
      </span>
      <div className="acts">
        <Button kind="primary" onClick={onDone}>
          {t("once.kept")}
        </Button>
      </div>
    </div>
  );
}
