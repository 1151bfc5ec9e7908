import { Button, makeStyles, ProgressBar, Text, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { asProblem } from "../../api/problem";
import { LIVE_MS, nameOfTenant, type OperationFilter, operationsQuery, tenantsQuery } from "../../api/queries";
import type { Operation } from "../../api/types";
import { useMay } from "../../app/role";
import { Address } from "../../components/Address";
import { Choice } from "../../components/Choice";
import { type Column, DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { Loading } from "../../components/Loading";
import { More } from "../../components/More";
import { PageHeader } from "../../components/PageHeader";
import { ProblemMessage } from "../../components/ProblemMessage";
import { RouterLink } from "../../components/RouterLink";
import { isMoving, labelOfStatus, STATUSES, StatusBadge } from "../../components/StatusBadge";
import { useSearch } from "../../components/useSearch";
import { KINDS, LISTED_KINDS } from "../../components/words";
import { formatCount, formatDateTime, formatNumber, formatPercent, NOTHING } from "../../format/format";

const useStyles = makeStyles({
  filters: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalL,
    marginBottom: tokens.spacingVerticalL,
  },
  progress: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalXXS, minWidth: "110px" },
});

/** All operations of the caller's tenants, newest first. */
export function OperationsPage() {
  const navigate = useNavigate();
  const mayOperate = useMay("BulkLicenses.Operate");
  const [filter, setFilter] = useOperationFilter();
  const operations = useInfiniteQuery({
    ...operationsQuery(filter),
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.value.some((each) => isMoving(each.status))) ? LIVE_MS : false,
  });
  const rows = operations.data?.pages.flatMap((page) => page.value);

  return (
    <>
      <PageHeader
        title="Operations"
        about="What was assigned, removed and changed in your tenants, by whom, and how it ended."
        actions={
          mayOperate && (
            <Button appearance="primary" icon={<AddRegular />} onClick={() => void navigate("/new")}>
              New operation
            </Button>
          )
        }
      />
      <Filters filter={filter} onChange={setFilter} />
      {operations.error && (
        <ProblemMessage problem={asProblem(operations.error)} onRetry={() => void operations.refetch()} />
      )}
      {operations.isPending && <Loading what="operations" />}
      {rows?.length === 0 && (
        <Empty title={Object.keys(filter).length > 0 ? "No operation matches these filters" : "Nothing was done yet"}>
          {mayOperate
            ? "A new operation begins with the users that it concerns."
            : "Operations appear here as they begin."}
        </Empty>
      )}
      {rows && rows.length > 0 && <OperationsTable rows={rows} />}
      <More query={operations} label="Show older ones" />
    </>
  );
}

function useOperationFilter(): [OperationFilter, (name: keyof OperationFilter, value: string | undefined) => void] {
  const [get, set] = useSearch();
  const tenant = get("tenant");
  const status = STATUSES.find((each) => each === get("status"));
  const type = LISTED_KINDS.find((each) => each === get("type"));
  return [{ ...(tenant && { tenant }), ...(status && { status }), ...(type && { type }) }, set];
}

interface FiltersProps {
  filter: OperationFilter;
  onChange: (name: keyof OperationFilter, value: string | undefined) => void;
}

function Filters({ filter, onChange }: FiltersProps) {
  const styles = useStyles();
  const tenants = useSuspenseQuery(tenantsQuery()).data;
  return (
    <div className={styles.filters}>
      <Choice
        label="Tenant"
        all="All tenants"
        value={filter.tenant}
        options={tenants.map((each) => ({ value: each.tenantId, label: nameOfTenant(each) }))}
        onChange={(value) => onChange("tenant", value)}
      />
      <Choice
        label="Status"
        all="Any status"
        value={filter.status}
        options={STATUSES.map((value) => ({ value, label: labelOfStatus(value) }))}
        onChange={(value) => onChange("status", value)}
      />
      <Choice
        label="Kind"
        all="All kinds"
        value={filter.type}
        options={LISTED_KINDS.map((value) => ({ value, label: KINDS[value] }))}
        onChange={(value) => onChange("type", value)}
      />
    </div>
  );
}

const COLUMNS: readonly Column<Operation>[] = [
  {
    id: "type",
    header: "Operation",
    cell: (row) => <RouterLink to={`/operations/${row.id}`}>{KINDS[row.type]}</RouterLink>,
  },
  { id: "status", header: "Status", cell: (row) => <StatusBadge status={row.status} /> },
  { id: "tenants", header: "Tenants", cell: (row) => <Address text={tenantsOf(row)} />, width: "130px" },
  { id: "progress", header: "Progress", cell: (row) => <Progress row={row} />, width: "110px" },
  { id: "failed", header: "Failed", cell: (row) => formatNumber(row.progress.failed), align: "end" },
  { id: "createdAt", header: "Started", cell: (row) => formatDateTime(row.createdAt), width: "92px" },
  { id: "createdBy", header: "By", cell: (row) => row.createdBy.name, width: "75px" },
  { id: "reason", header: "Reason", cell: (row) => row.reason ?? NOTHING, width: "125px" },
];

function OperationsTable({ rows }: { rows: readonly Operation[] }) {
  return <DataTable label="Operations" columns={COLUMNS} rows={rows} keyOf={(row) => row.id} />;
}

function tenantsOf({ tenants }: Operation): string {
  const [first, ...others] = tenants;
  if (first === undefined) return NOTHING;
  return others.length === 0 ? first.domain : `${first.domain} and ${formatCount(others.length, "other")}`;
}

function Progress({ row }: { row: Operation }) {
  const styles = useStyles();
  const { total, pending, percent } = row.progress;
  if (total === 0) return <Text>{isMoving(row.status) ? "Finding the users" : "No users"}</Text>;
  return (
    <div className={styles.progress}>
      <Text size={200}>
        {pending === 0
          ? formatCount(total, "user")
          : `${formatNumber(total - pending)} of ${formatCount(total, "user")} (${formatPercent(percent)})`}
      </Text>
      {pending > 0 && <ProgressBar value={percent / 100} aria-label="Progress" />}
    </div>
  );
}
