import { makeStyles, tokens } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Result, type ResultFilter, resultsCsv, resultsQuery } from "../../api/operation";
import { LIVE_MS } from "../../api/queries";
import { isMoving } from "../../api/status";
import type { Operation } from "../../api/types";
import { Choice } from "../../components/Choice";
import { CsvButton } from "../../components/CsvButton";
import { labelOfCode } from "../../components/codes";
import { PagedTable } from "../../components/PagedTable";
import { SectionCard } from "../../components/SectionCard";
import { useSearch } from "../../components/useSearch";
import type { VirtualColumn } from "../../components/VirtualTable";
import { formatDate, formatNumber, NOTHING } from "../../format/format";

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", alignItems: "end", gap: tokens.spacingHorizontalL },
  end: { marginLeft: "auto" },
});

const STATUSES: Record<Result["status"], string> = {
  pending: "Pending",
  succeeded: "Succeeded",
  skipped: "Skipped",
  failed: "Failed",
};

interface ResultsTableProps {
  operation: Operation;
  nameOf: (tenantId: string) => string;
}

/** What became of each user, page by page from the API, all of it as CSV. */
export function ResultsTable({ operation, nameOf }: ResultsTableProps) {
  const styles = useStyles();
  const [filter, setFilter] = useResultFilter(operation);
  const results = useInfiniteQuery({
    ...resultsQuery(operation.id, filter),
    // Whoever reads further down is not disturbed: only the beginning is live.
    refetchInterval: ({ state }) =>
      isMoving(operation.status) && (state.data?.pages.length ?? 0) <= 1 ? LIVE_MS : false,
  });
  const rows = useMemo(() => results.data?.pages.flatMap((page) => page.value) ?? [], [results.data]);
  const several = operation.tenants.length > 1;
  const columns = useMemo(() => columnsOf(several ? nameOf : null), [several, nameOf]);

  return (
    <SectionCard title="Results">
      <div className={styles.bar}>
        <Choice
          label="Result"
          all="All results"
          value={filter.status}
          options={(Object.keys(STATUSES) as Result["status"][]).map((value) => ({ value, label: STATUSES[value] }))}
          onChange={(value) => setFilter("result", value)}
        />
        {several && (
          <Choice
            label="Tenant"
            all="All tenants"
            value={filter.tenant}
            options={operation.tenants.map(({ tenantId }) => ({ value: tenantId, label: nameOf(tenantId) }))}
            onChange={(value) => setFilter("tenant", value)}
          />
        )}
        <div className={styles.end}>
          <CsvButton ask={() => resultsCsv(operation.id, filter)} />
        </div>
      </div>
      <PagedTable
        label="Results"
        what="the results"
        empty={filter.status || filter.tenant ? "No result matches" : "No results yet"}
        columns={columns}
        rows={rows}
        keyOf={(row) => `${row.tenantId}|${row.userId}|${row.userPrincipalName}`}
        query={results}
      />
    </SectionCard>
  );
}

function useResultFilter({ tenants }: Operation): [ResultFilter, ReturnType<typeof useSearch>[1]] {
  const [get, set] = useSearch();
  const status = (Object.keys(STATUSES) as Result["status"][]).find((each) => each === get("result"));
  const tenant = tenants.find(({ tenantId }) => tenantId === get("tenant"))?.tenantId;
  return [{ ...(status && { status }), ...(tenant && { tenant }) }, set];
}

function columnsOf(nameOf: ((tenantId: string) => string) | null): VirtualColumn<Result>[] {
  const tenant = {
    id: "tenant",
    header: "Tenant",
    width: "140px",
    text: ({ tenantId }: Result) => nameOf?.(tenantId) ?? "",
  };
  return [
    { id: "user", header: "User", width: "minmax(min(285px, 45vw), 2fr)", text: (row) => row.userPrincipalName },
    ...(nameOf ? [tenant] : []),
    { id: "status", header: "Result", width: "100px", text: (row) => STATUSES[row.status] },
    { id: "added", header: "Got", width: "minmax(110px, 1fr)", text: (row) => row.added.join(", ") || NOTHING },
    { id: "removed", header: "Lost", width: "minmax(110px, 1fr)", text: (row) => row.removed.join(", ") || NOTHING },
    { id: "why", header: "Remarks", width: "minmax(240px, 3fr)", text: remarksOf },
  ];
}

function remarksOf(row: Result): string {
  const remarks = [
    row.error && `${labelOfCode(row.error.code)}: ${row.error.message}`,
    row.message,
    row.usageLocationSet && `usage location set to ${row.usageLocationSet}`,
    ...Object.entries(row.disabledPlans)
      .filter(([, plans]) => plans.length > 0)
      .map(([sku, plans]) => `${sku} without ${plans.join(", ")}`),
    ...row.skippedLicenses.map(({ sku, code }) => `${sku} left out: ${labelOfCode(code)}`),
    row.graceUntil && `licences go on ${formatDate(row.graceUntil)}`,
    row.notReverted.length > 0 && `not undone: ${row.notReverted.join(", ")}`,
    row.attempts > 1 && `${formatNumber(row.attempts)} attempts`,
  ];
  return remarks.filter(Boolean).join(" · ") || NOTHING;
}
