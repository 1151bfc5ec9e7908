import { type Answer, answer } from "./client";

/** What the page prefers: where a CSV is too large to be an answer, a link to it, which only the browser itself follows. */
export const PREFER_LINK = { Prefer: "link" } as const;
const LINKED = 201;

/** Saves a list that was asked for as CSV under the name that the API gives it. */
export async function saveCsv(asked: Promise<Answer<Blob>>): Promise<void> {
  const { response } = await asked;
  const content = await answer(asked);
  const link = document.createElement("a");
  if (response.status === LINKED) {
    link.href = response.headers.get("location") ?? "";
    link.click();
    return;
  }
  link.href = URL.createObjectURL(content);
  link.download = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "list.csv";
  link.click();
  // The browser has taken the file over by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
