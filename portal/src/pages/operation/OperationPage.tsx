import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  MessageBar,
  MessageBarBody,
  makeStyles,
  Text,
  tokens,
} from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useParams } from "react-router";
import { operationQuery } from "../../api/operation";
import { asProblem } from "../../api/problem";
import type { Operation } from "../../api/types";
import { useMay } from "../../app/role";
import { PageHeader } from "../../components/PageHeader";
import { ProblemMessage } from "../../components/ProblemMessage";
import { ViewState } from "../../components/QueryState";
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
    padding: tokens.spacingHorizontalXS,
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusMedium,
    boxShadow: tokens.shadow4,
  },
  panel: { marginBottom: tokens.spacingVerticalM },
});

const LIST = { path: "/operations", label: "Operations" };

/** Step 5: one operation, live: how far it is, what failed and why, what can be done about it, and every user. */
export function OperationPage() {
  const { id = "" } = useParams();
  const found = useQuery(operationQuery(id));
  if (found.data) return <Monitor key={id} operation={found.data} stale={found.error} />;
  return <ViewState query={found} title="Operation" list={LIST} what="the operation" />;
}

function Monitor({ operation, stale }: { operation: Operation; stale: unknown }) {
  const styles = useStyles();
  const client = useQueryClient();
  const mayOperate = useMay("BulkLicenses.Operate");
  const nameOf = useTenantNames();
  const { id, status } = operation;
  const before = useRef(status);
  useEffect(() => {
    // With a new status the results are others; those of the first one are being read anyway.
    if (before.current !== status) void client.invalidateQueries({ queryKey: ["results", id] });
    before.current = status;
  }, [client, id, status]);

  return (
    <>
      <PageHeader
        title={KINDS[operation.type]}
        list={LIST}
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
          <RouterLink to={`/audit?operation=${id}`}>Audit entries</RouterLink>
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
          <Accordion collapsible className={styles.impact}>
            <AccordionItem value="impact">
              <AccordionHeader as="h2">Impact as it was planned</AccordionHeader>
              <AccordionPanel className={styles.panel}>
                <ImpactView impact={operation.impact} nameOf={nameOf} />
              </AccordionPanel>
            </AccordionItem>
          </Accordion>
        )}
        <ResultsTable operation={operation} nameOf={nameOf} />
      </div>
    </>
  );
}
