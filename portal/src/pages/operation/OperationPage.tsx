import { MessageBar, MessageBarBody, makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useParams } from "react-router";
import { operationQuery } from "../../api/operation";
import { asProblem } from "../../api/problem";
import type { Operation } from "../../api/types";
import { useMay } from "../../app/role";
import { Loading } from "../../components/Loading";
import { PageHeader } from "../../components/PageHeader";
import { ProblemMessage } from "../../components/ProblemMessage";
import { RouterLink } from "../../components/RouterLink";
import { StatusBadge } from "../../components/StatusBadge";
import { useTenantNames } from "../../components/useTenantNames";
import { KINDS } from "../../components/words";
import { formatDateTime } from "../../format/format";
import { ImpactView } from "../../impact/ImpactView";
import { Actions } from "./Actions";
import { ErrorGroups } from "./ErrorGroups";
import { ProgressCard } from "./ProgressCard";
import { ResultsTable } from "./ResultsTable";
import { TenantsTable } from "./TenantsTable";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  facts: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    overflowWrap: "anywhere",
  },
  impact: {
    "& > summary": { cursor: "pointer", fontWeight: tokens.fontWeightSemibold, marginBottom: tokens.spacingVerticalM },
  },
});

/** Step 5: one operation, live: how far it is, what failed and why, what can be done about it, and every user. */
export function OperationPage() {
  const { id = "" } = useParams();
  const found = useQuery(operationQuery(id));
  if (found.data) return <Monitor key={id} operation={found.data} stale={found.error} />;
  return (
    <>
      <PageHeader title="Operation" />
      {found.error ? (
        <ProblemMessage problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      ) : (
        <Loading what="the operation" />
      )}
    </>
  );
}

function Monitor({ operation, stale }: { operation: Operation; stale: unknown }) {
  const styles = useStyles();
  const client = useQueryClient();
  const mayOperate = useMay("BulkLicenses.Operate");
  const nameOf = useTenantNames();
  const { id, status } = operation;
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each new status the results are others
  useEffect(() => void client.invalidateQueries({ queryKey: ["results", id] }), [client, id, status]);

  return (
    <>
      <PageHeader
        title={KINDS[operation.type]}
        about={operation.reason}
        actions={mayOperate && <Actions operation={operation} nameOf={nameOf} />}
      />
      <div className={styles.root}>
        <div className={styles.facts}>
          <span aria-live="polite">
            <StatusBadge status={status} />
          </span>
          <Text>{`Started ${formatDateTime(operation.createdAt)} by ${operation.createdBy.name}`}</Text>
          {operation.completedAt && <Text>{`Ended ${formatDateTime(operation.completedAt)}`}</Text>}
          {operation.parentId && <RouterLink to={`/operations/${operation.parentId}`}>What it follows from</RouterLink>}
          {operation.scheduleId && <RouterLink to={`/schedules/${operation.scheduleId}`}>Its schedule</RouterLink>}
        </div>
        {stale !== null && <ProblemMessage problem={asProblem(stale)} />}
        {operation.statusReason && (
          <MessageBar intent="warning" layout="multiline">
            <MessageBarBody>{operation.statusReason}</MessageBarBody>
          </MessageBar>
        )}
        <ProgressCard operation={operation} />
        <TenantsTable operation={operation} nameOf={nameOf} />
        <ErrorGroups operation={operation} />
        {operation.impact && (
          <details className={styles.impact}>
            <summary>Impact as it was planned</summary>
            <ImpactView impact={operation.impact} nameOf={nameOf} />
          </details>
        )}
        <ResultsTable operation={operation} nameOf={nameOf} />
      </div>
    </>
  );
}
