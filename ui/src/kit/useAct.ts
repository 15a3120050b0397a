import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "./toast";

/** Does something on the server, shows what came of it, and has lists asked anew that it changed. */
export function useAct(...changes: string[]) {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = async <T>(run: () => Promise<T>, said?: string): Promise<{ done: boolean; value?: T }> => {
    setBusy(true);
    setError(null);
    try {
      const value = await run();
      if (said) toast(said);
      for (const key of changes) void queries.invalidateQueries({ queryKey: [key] });
      return { done: true, value };
    } catch (problem) {
      setError(problem);
      return { done: false };
    } finally {
      setBusy(false);
    }
  };
  return { act, busy, error, clear: () => setError(null) };
}
