import type { InfiniteData } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";

export type Row = Schemas["RunView"];
export interface Page {
  items: Row[];
  next_cursor: string | null;
}
type Pages = InfiniteData<Page, string | undefined>;

/** Those of the newest that the list does not show, newest first. */
export function newOnes(shown: Row[], newest: Row[]): Row[] {
  const known = new Set(shown.slice(0, 200).map((row) => row.id));
  const first = shown[0];
  return newest.filter((row) => !known.has(row.id) && (!first || row.started_at >= first.started_at || shown.length < newest.length));
}

/** The list with `rows` on top. */
export function withNew(pages: Pages, rows: Row[]): Pages {
  const [head, ...rest] = pages.pages;
  if (!head) return pages;
  return { ...pages, pages: [{ ...head, items: [...rows, ...head.items] }, ...rest] };
}
