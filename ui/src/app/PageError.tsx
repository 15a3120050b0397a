import type { ErrorComponentProps } from "@tanstack/react-router";
import { useT } from "../i18n";
import { Button } from "../kit/Button";
import { Note } from "../kit/Feedback";

/** A fault of the console itself, or a part of it that could not be loaded. */
export function PageError({ error }: ErrorComponentProps) {
  const t = useT();
  const part = /dynamically imported module|Importing a module/i.test(String(error));
  return (
    <div className="page">
      <Note tone="bad" role="alert">
        <strong>{part ? t("error.part") : t("error.console")}</strong>
        <pre>{String(error)}</pre>
        <span>
          <Button size="small" onClick={() => location.reload()}>
            {t("act.reload")}
          </Button>
        </span>
      </Note>
    </div>
  );
}
