import type { Draft } from "./model";

const STORED = "draft";
/** To be raised with the shape of a draft: one of another shape is worth nothing. */
const SHAPE = 1;
/** A longer CSV is chosen again: a tab keeps some five million characters in all. */
const LONGEST_CSV = 1_000_000;

export interface StoredDraft {
  draft: Draft;
  /** The name of a CSV that was too long to be kept. */
  lost: string | null;
}

/** Keeps a draft in this tab, through a reload and until it is started, given up or signed out of. */
export function keepDraft(draft: Draft): void {
  const { csv } = draft.people;
  const lost = csv && csv.text.length > LONGEST_CSV ? csv.name : null;
  const kept = lost === null ? draft : { ...draft, people: { ...draft.people, csv: null } };
  try {
    sessionStorage.setItem(STORED, JSON.stringify({ shape: SHAPE, draft: kept, lost }));
  } catch {
    // No room, or none is given: an older draft would be a wrong one.
    forgetDraft();
  }
}

export function forgetDraft(): void {
  sessionStorage.removeItem(STORED);
}

/** The draft that was kept; null where there is none. */
export function storedDraft(): StoredDraft | null {
  const stored = sessionStorage.getItem(STORED);
  if (stored === null) return null;
  const { shape, draft, lost } = JSON.parse(stored) as StoredDraft & { shape: number };
  return shape === SHAPE ? { draft, lost } : null;
}
