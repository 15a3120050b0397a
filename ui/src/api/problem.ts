import type { components } from "./schema";

export type ProblemBody = components["schemas"]["Problem"];

/** The server's answer that something went wrong. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  readonly retryable: boolean;
  readonly fields: { field: string; message: string }[];

  constructor(status: number, body: Partial<ProblemBody>, requestId: string) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = body.code ?? `http_${status}`;
    this.requestId = body.request_id || requestId;
    this.retryable = body.retryable ?? status >= 500;
    this.fields = body.errors ?? [];
  }

  static async of(response: Response): Promise<Problem> {
    const text = await response.text().catch(() => "");
    let body: Partial<ProblemBody> = {};
    try {
      body = JSON.parse(text) as ProblemBody;
    } catch {
      // A proxy's own page, perhaps: the status has to do.
    }
    return new Problem(response.status, body, response.headers.get("x-request-id") ?? "");
  }

  /** What the server says about one field. */
  about(field: string): string | undefined {
    return this.fields.find((one) => one.field === field)?.message;
  }
}

/** No answer came at all. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("unreachable", { cause });
    this.name = "Unreachable";
  }
}
