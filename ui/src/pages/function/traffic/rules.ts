import type { Schemas } from "../../../api/client";

type FunctionView = Schemas["FunctionView"];

/** The rules of a web address as they are typed. */
export interface Rules {
  origins: string;
  methods: string;
  headers: string;
  exposed: string;
  credentials: boolean;
  maxAge: string;
  rate: string;
  clientRate: string;
}

const line = (entries: string[] | undefined, fallback = "") => (entries ?? []).join(" ") || fallback;
const entries = (text: string) => text.split(/[\s,]+/).filter(Boolean);
const number = (value: number | null | undefined) => (value == null ? "" : String(value));

export function rulesOf({ http_cors: cors, http_rate, http_client_rate }: FunctionView): Rules {
  return {
    origins: line(cors?.origins),
    methods: line(cors?.methods, "*"),
    headers: line(cors?.headers),
    exposed: line(cors?.expose_headers),
    credentials: cors?.credentials ?? false,
    maxAge: String(cors?.max_age_s ?? 600),
    rate: number(http_rate),
    clientRate: number(http_client_rate),
  };
}

const within = (text: string, max: number) => /^\d+$/.test(text.trim()) && Number(text) <= max;

export const goodAge = ({ maxAge }: Rules) => within(maxAge, 86_400);
/** Empty is what the server says. */
export const goodRate = (text: string) => text.trim() === "" || within(text, 1_000_000);
/** Any page could act as its visitor. */
export const tooOpen = ({ origins, credentials }: Rules) => credentials && entries(origins).includes("*");

/** The change that makes them so; without an origin the function's own answers say who may read them. */
export function patchOf(rules: Rules): Partial<Schemas["PatchFunction"]> {
  const origins = entries(rules.origins);
  const rate = (text: string) => (text.trim() === "" ? null : Number(text));
  const patch = {
    http_cors: origins.length === 0 ? null : { origins, methods: entries(rules.methods), headers: entries(rules.headers), expose_headers: entries(rules.exposed), credentials: rules.credentials, max_age_s: Number(rules.maxAge) },
    http_rate: rate(rules.rate),
    http_client_rate: rate(rules.clientRate),
  };
  return patch as Partial<Schemas["PatchFunction"]>;
}
