import type { Fault, ProblemBody } from "./types";

type Told = Pick<ProblemBody, "status" | "title" | "detail"> & Partial<Pick<ProblemBody, "errors">>;

/** A refusal of the API (RFC 9457), or what stands for one when nobody answered. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly faults: Fault[];
  /** Finds the fault in the app's log. */
  readonly correlationId: string | null;

  constructor(body: Told, correlationId: string | null = null) {
    super(body.detail);
    this.name = "Problem";
    this.status = body.status;
    this.title = body.title;
    this.detail = body.detail;
    this.faults = body.errors ?? [];
    this.correlationId = correlationId;
  }
}

/** The problem that an answer is; `body` is its JSON where it has one. */
export function problemOf(response: Response, body: unknown): Problem {
  const correlationId = response.headers.get("x-correlation-id");
  if (isProblemBody(body)) return new Problem(body, correlationId);
  const detail = `The app answered ${response.status} without saying why. Something between it and this page may have.`;
  return new Problem({ status: response.status, title: response.statusText || "Refused", detail }, correlationId);
}

/** Whatever was thrown as a problem; what `fetch` throws means that nobody answered. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) {
    return new Problem({ status: 0, title: "No answer", detail: "The app does not answer. Check the connection." });
  }
  return new Problem({ status: 0, title: "The page has a fault", detail: String(error) });
}

function isProblemBody(body: unknown): body is ProblemBody {
  return typeof body === "object" && body !== null && "title" in body && "detail" in body && "status" in body;
}
