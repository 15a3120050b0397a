import { scope } from "../../api/client";
import { createStore, useStore } from "../../lib/store";

/** Changed files by path; null is one that was removed. */
export type Draft = Record<string, string | null>;

/** Changes that are not saved yet, so that another tab of the page does not lose them. */
const drafts = createStore<Record<string, Draft>>({});

function key(fn: string): string {
  const { tenant, namespace } = scope.get();
  return `${tenant}/${namespace}/${fn}`;
}

const NONE: Draft = {};

export function useDraft(fn: string): Draft {
  return useStore(drafts)[key(fn)] ?? NONE;
}

export function changeDraft(fn: string, change: (draft: Draft) => Draft): void {
  const name = key(fn);
  drafts.set((now) => {
    const next = change(now[name] ?? {});
    const { [name]: _, ...others } = now;
    return Object.keys(next).length === 0 ? others : { ...others, [name]: next };
  });
}

if (typeof addEventListener !== "undefined") {
  addEventListener("beforeunload", (event) => {
    if (Object.keys(drafts.get()).length > 0) event.preventDefault();
  });
}
