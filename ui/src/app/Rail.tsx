import { Link } from "@tanstack/react-router";
import { PanelLeftClose, PanelLeftOpen } from "lucide-react";
import { useCan } from "../api/me";
import { useT } from "../i18n";
import { Tip } from "../kit/Button";
import { prefer, preferences } from "../lib/preferences";
import { useStore } from "../lib/store";
import { visible, type Entry } from "./nav";

export function Rail({ sheet }: { sheet?: boolean }) {
  const t = useT();
  const narrow = useStore(preferences).rail === "narrow" && !sheet;
  const { groups, foot } = visible(useCan());
  const entry = (one: Entry) => {
    const Icon = one.icon;
    const link = (
      <Link key={one.to} to={one.to} className="rail-link" activeOptions={{ exact: one.to === "/" }} aria-label={narrow ? t(one.text) : undefined}>
        <Icon size={17} strokeWidth={1.75} aria-hidden />
        <span className="rail-word">{t(one.text)}</span>
      </Link>
    );
    return narrow ? (
      <Tip key={one.to} text={t(one.text)} side="right">
        {link}
      </Tip>
    ) : (
      link
    );
  };
  const Fold = narrow ? PanelLeftOpen : PanelLeftClose;
  return (
    <nav className="rail" aria-label={t("shell.menu")}>
      <Link to="/" className="rail-brand" aria-label="Nova">
        <img src="/ui/favicon.svg" alt="" />
        <span className="rail-word">Nova</span>
      </Link>
      {groups.map((group, index) => (
        <div key={group.text ?? index}>
          {group.text ? <div className="rail-group">{t(group.text)}</div> : null}
          {group.entries.map(entry)}
        </div>
      ))}
      <div className="rail-foot">
        {foot.map(entry)}
        {sheet ? null : (
          <button type="button" className="rail-link btn" data-kind="plain" style={{ width: "100%", justifyContent: narrow ? "center" : "flex-start" }} aria-label={t(narrow ? "shell.wide" : "shell.narrow")} onClick={() => prefer({ rail: narrow ? "wide" : "narrow" })}>
            <Fold size={17} strokeWidth={1.75} aria-hidden />
            <span className="rail-word">{t("shell.narrow")}</span>
          </button>
        )}
      </div>
    </nav>
  );
}
