import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { fileQuery, filesQuery } from "../../api/queries";
import { Said } from "../../lib/said";
import { changeDraft, useDraft } from "./drafts";

export interface Saved {
  version: number;
  compile_status: Schemas["FunctionView"]["compile_status"];
  compile_output: string;
}

/** Files larger than this are not for an editor. */
const EDIT_MAX = 1024 * 1024;

/** The files of a version with the changes to them, and how they are saved. */
export function useCode(name: string, revision: number, qualifier?: string) {
  const queries = useQueryClient();
  const files = useQuery(filesQuery(name, qualifier));
  const draft = useDraft(name);
  const [saving, setSaving] = useState(false);
  const there = files.data?.items ?? [];
  const paths = [...there.map((file) => file.path).filter((path) => draft[path] !== null), ...Object.keys(draft).filter((path) => draft[path] !== null && !there.some((file) => file.path === path))];
  const entry = there.find((file) => file.is_entry)?.path ?? paths[0];
  const dirty = Object.keys(draft).length > 0;

  /** Keeps a change, or drops it where the text is as it was. */
  const change = (path: string, text: string, original: string | undefined) =>
    changeDraft(name, (now) => {
      const { [path]: _, ...others } = now;
      return text === original ? others : { ...others, [path]: text };
    });
  const remove = (path: string) =>
    changeDraft(name, (now) => {
      const { [path]: _, ...others } = now;
      return there.some((file) => file.path === path) ? { ...others, [path]: null } : others;
    });
  const drop = () => changeDraft(name, () => ({}));

  const save = async (): Promise<Saved> => {
    setSaving(true);
    try {
      const changed = Object.keys(draft);
      let saved: Saved;
      const text = entry === undefined ? undefined : draft[entry];
      if (changed.length === 1 && typeof text === "string") {
        // The other files stay as they are, whatever they hold.
        const view = await data(api.PATCH("/functions/{name}", { params: { path: { name } }, body: { code: text, revision } }));
        saved = { version: view.latest_version, compile_status: view.compile_status, compile_output: view.compile_output };
      } else {
        const all: Record<string, string> = {};
        for (const file of there) {
          if (draft[file.path] !== undefined) continue;
          const content = await queries.fetchQuery(fileQuery(name, file.path, qualifier));
          if (content.encoding !== "utf8" || file.executable) throw new Said("code.binary_beside");
          all[file.path] = content.content;
        }
        for (const [path, text] of Object.entries(draft)) if (text !== null) all[path] = text;
        const answer = await data(api.PUT("/functions/{name}/code", { params: { path: { name } }, body: { files: all, entry: entry && all[entry] !== undefined ? entry : undefined, revision } }));
        saved = answer;
      }
      drop();
      await queries.invalidateQueries({ queryKey: ["function", name] });
      void queries.invalidateQueries({ queryKey: ["functions"] });
      return saved;
    } finally {
      setSaving(false);
    }
  };

  return { files, there, paths, entry, draft, dirty, saving, change, remove, drop, save, canEdit: (path: string) => (there.find((file) => file.path === path)?.size ?? 0) <= EDIT_MAX };
}
