import { type Answer, answer } from "./client";
import { Problem } from "./problem";

/** Saves a list that was asked for as CSV under the name that the API gives it. */
export async function saveCsv(asked: Promise<Answer<Blob>>): Promise<void> {
  const { response } = await asked;
  // Above 20 MB the API answers with a link to another origin, which this page may not read.
  if (response.type === "opaqueredirect") {
    const detail =
      "The CSV has more than 20 MB, which a script can fetch (see /api/docs). Narrow the filters, or use one.";
    throw new Problem({ status: 307, title: "Too large for this page", detail });
  }
  const content = await answer(asked);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "list.csv";
  link.click();
  // The browser has taken the file over by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
