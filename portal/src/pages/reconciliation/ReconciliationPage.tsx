import { makeStyles, tokens } from "@fluentui/react-components";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { auditedTenantsQuery } from "../../api/audit";
import { asProblem } from "../../api/problem";
import { type ReconciliationFilter, reconciliationCsv, reconciliationQuery } from "../../api/reconciliation";
import { Choice } from "../../components/Choice";
import { CsvButton } from "../../components/CsvButton";
import { Empty } from "../../components/Empty";
import { Loading } from "../../components/Loading";
import { PageHeader } from "../../components/PageHeader";
import { ProblemMessage } from "../../components/ProblemMessage";
import { SectionCard } from "../../components/SectionCard";
import { useSearch } from "../../components/useSearch";
import { useTenantNames } from "../../components/useTenantNames";
import { formatMonth } from "../../format/format";
import { MonthChoice } from "./MonthChoice";
import { currentMonth } from "./months";
import { ReconciliationTable } from "./ReconciliationTable";
import { Differences, Unread } from "./Remarks";
import { Sums } from "./Sums";

const SeatsChart = lazy(async () => ({ default: (await import("./SeatsChart")).SeatsChart }));

const useStyles = makeStyles({
  filters: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "end",
    gap: tokens.spacingHorizontalL,
    marginBottom: tokens.spacingVerticalL,
  },
  found: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  remarks: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    marginBottom: tokens.spacingVerticalL,
  },
});

/** What a month's changes come to by tenant and SKU, beside what Microsoft counts. */
export function ReconciliationPage() {
  const styles = useStyles();
  const [filter, setFilter] = useReconciliationFilter();
  const nameOf = useTenantNames();
  const tenants = useSuspenseQuery(auditedTenantsQuery()).data;
  const month = useInfiniteQuery(reconciliationQuery(filter));
  const { hasNextPage, isFetching, error, fetchNextPage } = month;
  // A month is one whole: its sums are right once all tenants are there.
  useEffect(() => {
    if (hasNextPage && !isFetching && !error) void fetchNextPage();
  }, [hasNextPage, isFetching, error, fetchNextPage]);
  const all = month.data?.pages.flatMap((page) => page.value);
  const rows = all?.filter((row) => row.sku !== null);

  return (
    <>
      <PageHeader
        title="Reconciliation"
        about="What the changes of a month come to in seats and money, beside what Microsoft counts: to compare with the invoice."
        actions={<CsvButton ask={() => reconciliationCsv(filter)} />}
      />
      <div className={styles.filters}>
        <MonthChoice value={filter.month} onChange={(value) => setFilter("month", value)} />
        <Choice
          label="Tenant"
          all="All tenants"
          value={filter.tenant}
          options={tenants.map(({ tenantId }) => ({ value: tenantId, label: nameOf(tenantId) }))}
          onChange={(value) => setFilter("tenant", value)}
        />
      </div>
      <div className={styles.remarks}>
        {error && <ProblemMessage problem={asProblem(error)} onRetry={() => void month.refetch()} />}
        {all && <Unread rows={all} />}
        {rows && <Differences rows={rows} />}
      </div>
      {(month.isPending || hasNextPage) && !error && <Loading what={rows?.length ? "more tenants" : "the month"} />}
      {rows?.length === 0 && !hasNextPage && (
        <Empty title={`Nothing is known of ${formatMonth(filter.month)}`}>
          Neither was a licence changed in it, nor does a tenant that can be read subscribe to one.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <div className={styles.found}>
          <Sums rows={rows} isPartial={hasNextPage} />
          <SectionCard title={`Seats added and removed in ${formatMonth(filter.month)}`}>
            <Suspense fallback={<Loading what="the chart" />}>
              <SeatsChart rows={rows} />
            </Suspense>
          </SectionCard>
          <SectionCard title="By tenant and SKU">
            <ReconciliationTable rows={rows} />
          </SectionCard>
        </div>
      )}
    </>
  );
}

function useReconciliationFilter(): [
  ReconciliationFilter,
  (name: keyof ReconciliationFilter, value: string | undefined) => void,
] {
  const [get, set] = useSearch();
  const tenant = get("tenant");
  return [{ month: get("month") ?? currentMonth(), ...(tenant && { tenant }) }, set];
}
