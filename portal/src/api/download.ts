import { problemOf } from "./problem";
import { credentialHeaders } from "./session";

/** Saves what the API answers at `path` as a file, under the caller's own credential. Throws `Problem`. */
export async function download(path: string, name: string): Promise<void> {
  const headers = { ...credentialHeaders(), "X-Requested-With": "XMLHttpRequest", Accept: "text/csv" };
  const response = await fetch(path, { headers });
  if (!response.ok) throw problemOf(response, await response.json().catch(() => null));
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
