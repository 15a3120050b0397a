import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, data } from "../../api/client";
import { useCan } from "../../api/me";
import { useT } from "../../i18n";

/** Names that are offered. */
const OFFERED = 20;

/** Chooses a function by its name: with Enter, or one of those that are offered. */
export function FunctionFilter({ onChoose }: { onChoose: (name: string) => void }) {
  const t = useT();
  const list = useId();
  const can = useCan();
  const [text, setText] = useState("");
  const search = text.trim();
  const found = useQuery({
    queryKey: ["functions", "names", search],
    queryFn: ({ signal }) => data(api.GET("/functions", { params: { query: { search: search || undefined, limit: OFFERED } }, signal })),
    enabled: can("function:read"),
    placeholderData: (before) => before,
    staleTime: 10_000,
  });
  const names = found.data?.items.map((one) => one.name) ?? [];
  const choose = (name: string) => {
    setText("");
    onChoose(name);
  };
  return (
    <>
      <input
        className="input"
        style={{ width: 150 }}
        list={list}
        data-search=""
        aria-label={t("column.function")}
        placeholder={t("column.function")}
        value={text}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          const next = event.target.value;
          // Text that comes as a whole was picked from the list.
          const picked = names.includes(next) && !(event.nativeEvent instanceof InputEvent && event.nativeEvent.inputType.startsWith("insertText"));
          if (picked) choose(next);
          else setText(next);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && search !== "") choose(search);
        }}
      />
      <datalist id={list}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
