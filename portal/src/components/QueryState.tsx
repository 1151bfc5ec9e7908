import { asProblem } from "../api/problem";
import { Loading } from "./Loading";
import { type List, PageHeader } from "./PageHeader";
import { ProblemMessage } from "./ProblemMessage";

interface QueryStateProps {
  query: { error: unknown; isPending: boolean; refetch: () => Promise<unknown> };
  /** What is asked for; completes "Loading …". */
  what: string;
}

/** Why a query failed, with a way to ask again, or that its answer is still to come; nothing where it is there. */
export function QueryState({ query: { error, isPending, refetch }, what }: QueryStateProps) {
  if (error) return <ProblemMessage problem={asProblem(error)} onRetry={() => void refetch()} />;
  return isPending && <Loading what={what} />;
}

/** Stands in place of a view whose one thing is not there, or not yet. */
export function ViewState({ title, list, ...state }: QueryStateProps & { title: string; list: List }) {
  return (
    <>
      <PageHeader title={title} list={list} />
      <QueryState {...state} />
    </>
  );
}
