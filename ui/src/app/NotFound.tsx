import { Link } from "@tanstack/react-router";
import { MapPinOff } from "lucide-react";
import { useT } from "../i18n";
import { Empty } from "../kit/Feedback";

export function NotFound() {
  const t = useT();
  return (
    <div className="page">
      <Empty icon={MapPinOff} title={t("missing.title")} text={t("missing.text")}>
        <Link to="/" className="btn" data-kind="primary">
          {t("missing.home")}
        </Link>
      </Empty>
    </div>
  );
}
