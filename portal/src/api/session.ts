import { useSyncExternalStore } from "react";

/** How the user is known to the API: by what was typed in, or by the platform's cookie (null). */
export type Credential = { kind: "key" | "token"; value: string } | null;

const STORED = "credential";
const listeners = new Set<() => void>();
let current = read();

/** Headers that say who calls. */
export function credentialHeaders(): Record<string, string> {
  if (current === null) return {};
  return current.kind === "key" ? { "x-api-key": current.value } : { Authorization: `Bearer ${current.value}` };
}

/** Use this credential from now on, in this tab until it is closed; null forgets the one before. */
export function signInWith(credential: Credential): void {
  current = credential;
  if (credential === null) sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, JSON.stringify(credential));
  for (const listener of listeners) listener();
}

/** The credential in use. */
export function useCredential(): Credential {
  return useSyncExternalStore(subscribe, () => current);
}

/** What was pasted: a token has three parts of base64, and begins as JSON does in it. */
export function credentialOf(text: string): Credential {
  const value = text.trim().replace(/^bearer\s+/i, "");
  if (value === "") return null;
  return { kind: /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(value) ? "token" : "key", value };
}

/** The ways to sign in that the app told with the page. */
export function offeredSignIns(): ReadonlySet<string> {
  const told = document.querySelector<HTMLMetaElement>('meta[name="sign-in"]')?.content ?? "";
  return new Set(told.split(" "));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function read(): Credential {
  const stored = sessionStorage.getItem(STORED);
  return stored === null ? null : (JSON.parse(stored) as Credential);
}
