import { scope } from "../api/client";
import { needsKey } from "../api/session";

/** Text as one word of a POSIX shell. */
export function quote(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** JSON in one line, if it is JSON. */
function compact(event: string): string {
  try {
    return JSON.stringify(JSON.parse(event));
  } catch {
    return event;
  }
}

interface Call {
  name: string;
  event: string;
  stream?: boolean;
  /** To be called later, from the queue. */
  queue?: boolean;
  qualifier?: string;
}

/** The call for curl. */
export function curlOf({ name, event, stream, queue, qualifier }: Call, origin = location.origin): string {
  const { tenant, namespace } = scope.get();
  const path = `/functions/${encodeURIComponent(name)}/${queue ? "invoke-async" : stream ? "invoke-stream" : "invoke"}${qualifier ? `?qualifier=${encodeURIComponent(qualifier)}` : ""}`;
  const parts = [
    `curl -X POST ${quote(origin + path)}`,
    ...(needsKey.get() ? [`-H "Authorization: Bearer $NOVA_KEY"`] : []),
    `-H 'Content-Type: application/json'`,
    ...(tenant === "default" ? [] : [`-H ${quote(`X-Nova-Tenant: ${tenant}`)}`]),
    ...(namespace === "default" ? [] : [`-H ${quote(`X-Nova-Namespace: ${namespace}`)}`]),
    `-d ${quote(queue ? `{"payload":${compact(event)}}` : compact(event))}`,
    ...(stream && !queue ? ["--no-buffer"] : []),
  ];
  return parts.join(" ");
}

/** The call for the command line. */
export function novaOf({ name, event, stream, queue, qualifier }: Call): string {
  const { tenant, namespace } = scope.get();
  const parts = [
    "nova invoke",
    quote(name),
    `-d ${quote(compact(event))}`,
    ...(queue ? ["--async"] : stream ? ["--stream"] : []),
    ...(qualifier ? [`--qualifier ${quote(qualifier)}`] : []),
    ...(tenant === "default" ? [] : [`--tenant ${quote(tenant)}`]),
    ...(namespace === "default" ? [] : [`--namespace ${quote(namespace)}`]),
  ];
  return parts.join(" ");
}
