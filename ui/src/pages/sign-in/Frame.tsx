import { Languages } from "lucide-react";
import { useEffect, type ReactNode } from "react";
import { useT } from "../../i18n";
import { prefer, preferences } from "../../lib/preferences";
import { useStore } from "../../lib/store";
import { Button } from "../../kit/Button";

/** What is around the pages for those who are not signed in. */
export function Frame({ title, children }: { title: string; children: ReactNode }) {
  const t = useT();
  const { language } = useStore(preferences);
  useEffect(() => {
    document.title = `${title} · Nova`;
  }, [title]);
  return (
    <main className="sign-in">
      <div className="sign-in-box">
        <div className="sign-in-brand">
          <img src="/ui/favicon.svg" alt="" />
          <span>Nova</span>
        </div>
        <div className="card sign-in-card">
          <h1>{title}</h1>
          {children}
        </div>
        <Button kind="plain" size="small" lang={language === "zh" ? "en" : "zh-CN"} title={t("shell.language")} onClick={() => prefer({ language: language === "zh" ? "en" : "zh" })}>
          <Languages size={14} aria-hidden />
          {language === "zh" ? "English" : "简体中文"}
        </Button>
      </div>
    </main>
  );
}
