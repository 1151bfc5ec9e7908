import { Button } from "@fluentui/react-components";
import { useRouteError } from "react-router";
import { Problem } from "../api/problem";
import { Empty } from "../components/Empty";
import { PageHeader } from "../components/PageHeader";
import { ProblemMessage } from "../components/ProblemMessage";

/** What is shown in place of a view that failed to load or to draw; the rest of the page goes on. */
export function Crashed() {
  const error = useRouteError();
  return (
    <>
      <PageHeader title="This view failed" />
      {error instanceof Problem ? (
        <ProblemMessage problem={error} onRetry={() => window.location.reload()} />
      ) : (
        <Empty
          title="The page has a fault, or a newer version of it is there"
          action={<Button onClick={() => window.location.reload()}>Load the page again</Button>}
        >
          {error instanceof Error ? error.message : "Nothing more is known."}
        </Empty>
      )}
    </>
  );
}
