import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Activity, FunctionSquare, Languages, ListTodo, Moon, Plus, Rows3, Sun, type LucideIcon } from "lucide-react";
import { Dialog } from "radix-ui";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, data } from "../api/client";
import { useCan } from "../api/me";
import { useT } from "../i18n";
import { prefer, preferences } from "../lib/preferences";
import { useStore } from "../lib/store";
import { visible } from "./nav";

interface Item {
  id: string;
  text: string;
  where: string;
  icon: LucideIcon;
  act: () => void;
}

/** Letters of `needle` in order within `text`: how well, or nothing. */
export function match(text: string, needle: string): number | null {
  const low = text.toLowerCase();
  const plain = low.indexOf(needle);
  if (plain >= 0) return plain === 0 ? 0 : 1 + plain / 100;
  let at = 0;
  let gaps = 0;
  for (const letter of needle) {
    const found = low.indexOf(letter, at);
    if (found < 0) return null;
    gaps += found - at;
    at = found + 1;
  }
  return 10 + gaps;
}

/** Of runs and jobs alike. */
const ID = /^[0-9A-Za-z]{20,40}$/;

/** Everything by keyboard: pages, functions, runs and jobs by id, actions. */
export function Palette({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useT();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="dialog palette" aria-describedby={undefined}>
          <Dialog.Title className="sr">{t("palette.open")}</Dialog.Title>
          <Finder onClose={onClose} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Finder({ onClose }: { onClose: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const { theme, language, density } = useStore(preferences);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const needle = text.trim().toLowerCase();
  const can = useCan();

  const functions = useQuery({
    queryKey: ["palette", needle],
    queryFn: ({ signal }) => data(api.GET("/functions", { params: { query: { search: needle || undefined, limit: 8 } }, signal })),
    enabled: can("function:read"),
    placeholderData: (before) => before,
    staleTime: 5000,
  });

  const items = useMemo(() => {
    const { groups, foot } = visible(can);
    const fixed: Item[] = [
      ...[...groups.flatMap((group) => group.entries), ...foot].map((one) => ({
        id: one.to,
        text: t(one.text),
        where: t("palette.page"),
        icon: one.icon,
        act: () => void navigate({ to: one.to }),
      })),
      ...(can("function:create") ? [{ id: "new", text: t("create.title"), where: t("palette.action"), icon: Plus, act: () => void navigate({ to: "/functions/new" }) }] : []),
      {
        id: "theme",
        text: t(theme === "dark" ? "palette.light" : "palette.dark"),
        where: t("palette.action"),
        icon: theme === "dark" ? Sun : Moon,
        act: () => prefer({ theme: theme === "dark" ? "light" : "dark" }),
      },
      {
        id: "language",
        text: language === "zh" ? "Switch to English" : "切换为简体中文",
        where: t("palette.action"),
        icon: Languages,
        act: () => prefer({ language: language === "zh" ? "en" : "zh" }),
      },
      {
        id: "density",
        text: t(density === "compact" ? "palette.normal" : "palette.compact"),
        where: t("palette.action"),
        icon: Rows3,
        act: () => prefer({ density: density === "compact" ? "normal" : "compact" }),
      },
    ];
    const found: Item[] = (functions.data?.items ?? []).map((one) => ({
      id: `fn:${one.name}`,
      text: one.name,
      where: `${t("palette.function")} · ${one.runtime}`,
      icon: FunctionSquare,
      act: () => void navigate({ to: "/functions/$name", params: { name: one.name } }),
    }));
    const id = text.trim();
    const byId: Item[] = ID.test(id)
      ? [
          {
            id: "run",
            text: t("palette.run", { id }),
            where: t("palette.page"),
            icon: Activity,
            act: () => void navigate({ to: "/runs/$id", params: { id } }),
          },
          {
            id: "job",
            text: t("palette.job", { id }),
            where: t("palette.page"),
            icon: ListTodo,
            act: () => void navigate({ to: "/jobs/$id", params: { id } }),
          },
        ]
      : [];
    const ranked = fixed
      .map((item) => [needle === "" ? 0 : match(item.text, needle), item] as const)
      .filter((pair): pair is [number, Item] => pair[0] !== null)
      .sort((a, b) => a[0] - b[0])
      .map(([, item]) => item);
    return needle === "" ? [...ranked, ...found] : [...byId, ...found, ...ranked];
  }, [can, density, functions.data, language, navigate, needle, t, text, theme]);

  useEffect(() => setAt(0), [needle]);
  useEffect(() => {
    // Newer browsers give a promise, which is nothing to give on.
    void list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const choose = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    item.act();
  };
  return (
    <>
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={items[at] ? `palette-${items[at].id}` : undefined}
        aria-label={t("palette.open")}
        placeholder={t("palette.placeholder")}
        value={text}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            const step = event.key === "ArrowDown" ? 1 : -1;
            setAt((now) => (now + step + items.length) % Math.max(1, items.length));
          } else if (event.key === "Enter") {
            event.preventDefault();
            choose(items[at]);
          }
        }}
      />
      <ul id="palette-list" role="listbox" aria-label={t("palette.open")} ref={list}>
        {items.map((item, index) => (
          <li key={item.id} id={`palette-${item.id}`} className="menu-item" role="option" aria-selected={index === at} onClick={() => choose(item)} onMouseMove={() => setAt(index)}>
            <item.icon size={16} strokeWidth={1.75} aria-hidden />
            <span>{item.text}</span>
            <span className="where">{item.where}</span>
          </li>
        ))}
        {items.length === 0 ? <li className="menu-item muted">{t("palette.none")}</li> : null}
      </ul>
      <div className="help" aria-hidden>
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> {t("palette.move")}
        </span>
        <span>
          <kbd>Enter</kbd> {t("palette.choose")}
        </span>
        <span>
          <kbd>Esc</kbd> {t("palette.close")}
        </span>
      </div>
    </>
  );
}
