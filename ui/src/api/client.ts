import createClient, { type Middleware } from "openapi-fetch";
import { createStore, keep, readKept } from "../lib/store";
import { noteAnswer, noteLost } from "./connection";
import { noteStatus } from "./session";
import { Problem, Unreachable } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** What requests are about. */
export interface Scope {
  tenant: string;
  namespace: string;
}

const SCOPE_KEY = "nova.scope";
export const scope = createStore<Scope>(
  typeof localStorage === "undefined" ? { tenant: "default", namespace: "default" } : readKept(SCOPE_KEY, { tenant: "default", namespace: "default" }),
);
scope.subscribe(() => keep(SCOPE_KEY, scope.get()));

/** Headers that say what a request is about, and that a page of the console makes it. */
export function scopeHeaders(): Record<string, string> {
  const { tenant, namespace } = scope.get();
  return { "X-Nova-Tenant": tenant, "X-Nova-Namespace": namespace, "X-Nova-Console": "1" };
}

/** `fetch` that tells the connection, names the scope, and throws what went wrong. */
export async function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(input, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    noteLost();
    throw new Unreachable(error);
  }
  noteAnswer();
  noteStatus(response);
  return response;
}

const middleware: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(scopeHeaders())) request.headers.set(name, value);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: "/", fetch: (request) => send(request) });
api.use(middleware);

/** The data of an answer, or the problem it tells. */
export async function data<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) {
    throw new Problem(response.status, (error ?? {}) as Partial<Schemas["Problem"]>, response.headers.get("x-request-id") ?? "");
  }
  return data as T;
}
