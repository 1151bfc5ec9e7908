import createClient from "openapi-fetch";
import { problemOf } from "./problem";
import type { paths } from "./schema";
import { credentialHeaders } from "./session";
import type { Page } from "./types";

/** Root of the API's own paths, as they stand in openapi.json. */
export const BASE = "/api/automation/bulk-licenses";

/** The API, typed by openapi.json. Use it through `answer`, which turns refusals into problems. */
export const api = createClient<paths>({ baseUrl: window.location.origin });

api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(credentialHeaders())) request.headers.set(name, value);
    // The platform's sign-in answers 401 to a script, and sends only a browser's own navigation to its page.
    request.headers.set("X-Requested-With", "XMLHttpRequest");
    return request;
  },
});

/** What a call of `api` comes to. */
export interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The JSON of a good answer; throws `Problem` for any other. */
export async function answer<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw problemOf(response, error);
  return data as T;
}

/** A page of a list that there is as CSV too, or as a link to that, asked for as JSON. */
export async function pageOf<T>(asked: Promise<Answer<Page<T> | string | undefined>>): Promise<Page<T>> {
  const found = await answer(asked);
  if (typeof found !== "object") throw new Error("The API answered with something else where JSON was asked for.");
  return found;
}

/** The cursor in a `nextLink`: what is asked for next, at this very origin. */
export function cursorOf(nextLink: string | null): string | undefined {
  if (nextLink === null) return undefined;
  return new URL(nextLink).searchParams.get("cursor") ?? undefined;
}
