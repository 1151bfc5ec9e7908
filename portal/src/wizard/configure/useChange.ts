import { useDraft } from "../DraftContext";
import type { Change } from "../draft/model";

/** What shall be done, and how it is changed. */
export function useChange(): [Change, (change: Partial<Change>) => void] {
  const { draft, dispatch } = useDraft();
  return [draft.change, (change) => dispatch({ do: "change", change })];
}
