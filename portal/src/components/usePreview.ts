import { useMutation, useQuery } from "@tanstack/react-query";
import { askPreview, type Preview, type PreviewRequest, previewQuery } from "../api/previews";
import { asProblem, type Problem } from "../api/problem";

export interface Previewing {
  /** The newest of it; null until it is there. */
  preview: Preview | null;
  problem: Problem | null;
  /** What it was asked for. */
  asked: PreviewRequest | undefined;
  ask: (request: PreviewRequest) => void;
  /** Asks for the same once more. */
  retry: () => void;
}

/** One preview at a time, asked for and then looked at until it is computed. */
export function usePreview(): Previewing {
  const { mutate, data, error, isPending, variables } = useMutation({ mutationFn: askPreview });
  const id = isPending ? undefined : data?.id;
  const found = useQuery({ ...previewQuery(id ?? ""), enabled: id !== undefined });
  const wrong = error ?? found.error;
  return {
    preview: id === undefined ? null : (found.data ?? data ?? null),
    problem: wrong && !isPending ? asProblem(wrong) : null,
    asked: variables,
    ask: mutate,
    retry: () => variables && mutate(variables),
  };
}
