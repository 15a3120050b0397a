import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useCan } from "../api/me";
import { visible } from "./nav";

/** Whether a key belongs to what is being typed in. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable=true]") !== null;
}

/** Ctrl/Cmd K, `/` for the page's search, `g` and a letter for a page, `?` for all keys. */
export function useShortcuts(openPalette: () => void): void {
  const navigate = useNavigate();
  const can = useCan();
  useEffect(() => {
    let going = 0;
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        openPalette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (going && Date.now() - going < 1200) {
        going = 0;
        const { groups, foot } = visible(can);
        const entry = [...groups.flatMap((group) => group.entries), ...foot].find((one) => one.key === event.key);
        if (entry) {
          event.preventDefault();
          void navigate({ to: entry.to });
        }
      } else if (event.key === "g") {
        going = Date.now();
      } else if (event.key === "?") {
        event.preventDefault();
        void navigate({ to: "/settings", hash: "keys" });
      } else if (event.key === "/") {
        const search = document.querySelector<HTMLInputElement>(".main [data-search]");
        if (search) {
          event.preventDefault();
          search.focus();
          search.select();
        }
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [can, navigate, openPalette]);
}
