import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Resolved, resolveQuery, type Whom } from "../api/directory";
import { asProblem, type Problem } from "../api/problem";
import { useDebounced } from "../components/useDebounced";
import { useDraft } from "./DraftContext";
import { whomOf } from "./draft/request";

const NOBODY: Whom = { targets: [] };

export interface Count {
  state: "nobody" | "counting" | "known" | "refused";
  targets: Resolved[];
  problem: Problem | null;
  /** Counts once more. */
  retry: () => void;
}

/** Whom the draft means, counted while it is written. */
export function useWhom(): Count {
  const { draft } = useDraft();
  const { scope, people, excluding, excluded, guests, disabled } = draft;
  const whom = useMemo(
    () => whomOf({ scope, people, excluding, excluded, guests, disabled }),
    [scope, people, excluding, excluded, guests, disabled],
  );
  const still = useDebounced(whom, 500);
  const counted = useQuery({ ...resolveQuery(still ?? NOBODY), enabled: still !== null, retry: false });
  const none = { targets: [], problem: null, retry: () => void counted.refetch() };
  if (whom === null) return { ...none, state: "nobody" };
  if (whom !== still || counted.isFetching) return { ...none, state: "counting" };
  if (counted.error) return { ...none, state: "refused", problem: asProblem(counted.error) };
  return { ...none, state: "known", targets: counted.data ?? [] };
}
