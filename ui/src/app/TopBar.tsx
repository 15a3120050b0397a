import { Languages, Menu as MenuIcon, Moon, Search, Sun, SunMoon } from "lucide-react";
import { useT } from "../i18n";
import { IconButton } from "../kit/Button";
import { Menu, MenuChoice } from "../kit/Menu";
import { prefer, preferences, type Language, type Theme } from "../lib/preferences";
import { useStore } from "../lib/store";
import { Crumbs } from "./Crumbs";
import { PersonMenu } from "./PersonMenu";
import { ScopeSwitch } from "./ScopeSwitch";

const mac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

export function TopBar({ onMenu, onFind }: { onMenu: () => void; onFind: () => void }) {
  const t = useT();
  const { theme, language } = useStore(preferences);
  const Icon = theme === "dark" ? Moon : theme === "light" ? Sun : SunMoon;
  return (
    <header className="bar">
      <span className="burger">
        <IconButton label={t("shell.menu")} onClick={onMenu}>
          <MenuIcon size={18} />
        </IconButton>
      </span>
      <Crumbs />
      <button type="button" className="bar-find" onClick={onFind} aria-keyshortcuts={mac ? "Meta+K" : "Control+K"}>
        <Search size={15} aria-hidden />
        <span>{t("palette.hint")}</span>
        <kbd aria-hidden>{mac ? "⌘ K" : "Ctrl K"}</kbd>
      </button>
      <ScopeSwitch />
      <Menu
        trigger={
          <button type="button" className="btn bar-extra" data-kind="plain" data-icon="" aria-label={t("shell.theme")} title={t("shell.theme")}>
            <Icon size={17} strokeWidth={1.75} aria-hidden />
          </button>
        }
      >
        <MenuChoice<Theme>
          value={theme}
          onChange={(next) => prefer({ theme: next })}
          options={[
            ["system", t("theme.system")],
            ["light", t("theme.light")],
            ["dark", t("theme.dark")],
          ]}
        />
      </Menu>
      <Menu
        trigger={
          <button type="button" className="btn bar-extra" data-kind="plain" data-icon="" aria-label={t("shell.language")} title={t("shell.language")}>
            <Languages size={17} strokeWidth={1.75} aria-hidden />
          </button>
        }
      >
        <MenuChoice<Language>
          value={language}
          onChange={(next) => prefer({ language: next })}
          options={[
            ["en", "English"],
            ["zh", "简体中文"],
          ]}
        />
      </Menu>
      <PersonMenu />
    </header>
  );
}
