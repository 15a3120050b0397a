import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { Problem } from "../../api/problem";
import { useT } from "../../i18n";
import { toast } from "../../kit/toast";

/** Sends a change of a function and shows what came of it. */
export function useSave(fn: Schemas["FunctionView"]) {
  const t = useT();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async (patch: Partial<Schemas["PatchFunction"]>): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      const view = await data(api.PATCH("/functions/{name}", { params: { path: { name: fn.name } }, body: { ...patch, revision: fn.revision } as Schemas["PatchFunction"] }));
      await queries.invalidateQueries({ queryKey: ["function", fn.name] });
      toast(view.version === fn.version ? t("config.saved") : t("config.saved_version", { version: view.version }));
      return true;
    } catch (problem) {
      setError(problem);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { save, busy, error, wrong: (field: string) => (error instanceof Problem ? error.about(field) : undefined) };
}
