import { createStore } from "../lib/store";

/** Whether the server said that it does not know who asks. */
export const signedOut = createStore(false);

/** Whether requests of programs need a key: everywhere but on a server with --dev. */
export const needsKey = createStore(false);

/** Answers to these say whether what was typed in is right, not whether there is a session. */
const OPEN = /^\/auth\/(sign-in|accept|password|providers|oidc)/;

/** Looks at an answer: a session that has ended leads to the sign-in page, wherever one is. */
export function noteStatus(response: Response): void {
  if (response.status === 401 && !OPEN.test(new URL(response.url).pathname)) signedOut.set(true);
}

/** Where one goes after signing in: a page of the console, never an address of elsewhere. */
export function wayBack(to: string | undefined): string {
  if (!to || !/^\/(?![/\\])/.test(to) || /^\/(sign-in|accept)\b/.test(to)) return "/";
  return to;
}
