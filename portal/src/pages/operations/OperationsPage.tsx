import { Button, makeStyles, ProgressBar, Text, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { LIVE_MS, nameOfTenant, type OperationFilter, operationsQuery, tenantsQuery } from "../../api/queries";
import { isMoving } from "../../api/status";
import type { Operation } from "../../api/types";
import { useMay } from "../../app/role";
import { Choice } from "../../components/Choice";
import { type Column, DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { More } from "../../components/More";
import { PageHeader } from "../../components/PageHeader";
import { QueryState } from "../../components/QueryState";
import { RouterLink } from "../../components/RouterLink";
import { labelOfStatus, STATUSES, StatusBadge } from "../../components/StatusBadge";
import { useSearch } from "../../components/useSearch";
import { useTenantNames } from "../../components/useTenantNames";
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
      <QueryState query={operations} what="operations" />
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

const columnsOf = (nameOf: (tenantId: string) => string): Column<Operation>[] => [
  {
    id: "type",
    header: "Operation",
    cell: (row) => <RouterLink to={`/operations/${row.id}`}>{KINDS[row.type]}</RouterLink>,
  },
  { id: "status", header: "Status", cell: (row) => <StatusBadge status={row.status} /> },
  { id: "tenants", header: "Tenants", cell: (row) => tenantsOf(row, nameOf), width: "130px" },
  { id: "progress", header: "Progress", cell: (row) => <Progress row={row} />, width: "110px" },
  { id: "failed", header: "Failed", cell: (row) => formatNumber(row.progress.failed), align: "end" },
  { id: "createdAt", header: "Started", cell: (row) => formatDateTime(row.createdAt), width: "92px" },
  { id: "createdBy", header: "By", cell: (row) => row.createdBy.name, width: "75px" },
  { id: "reason", header: "Reason", cell: (row) => row.reason ?? NOTHING, width: "125px" },
];

function OperationsTable({ rows }: { rows: readonly Operation[] }) {
  const nameOf = useTenantNames();
  return <DataTable label="Operations" columns={columnsOf(nameOf)} rows={rows} keyOf={(row) => row.id} />;
}

function tenantsOf({ tenants }: Operation, nameOf: (tenantId: string) => string): string {
  const [first, ...others] = tenants;
  if (first === undefined) return NOTHING;
  const name = nameOf(first.tenantId);
  return others.length === 0 ? name : `${name} and ${formatCount(others.length, "other")}`;
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
