import { createContext, type Dispatch, useContext } from "react";
import type { Draft } from "./draft/model";
import type { Action } from "./draft/reducer";

interface Drafting {
  draft: Draft;
  dispatch: Dispatch<Action>;
}

export const DraftContext = createContext<Drafting | null>(null);

/** The draft of the request, and how it is changed; inside the wizard only. */
export function useDraft(): Drafting {
  const drafting = useContext(DraftContext);
  if (drafting === null) throw new Error("there is no draft outside the wizard");
  return drafting;
}
