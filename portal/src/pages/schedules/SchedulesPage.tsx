import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { LIVE_MS } from "../../api/queries";
import { schedulesQuery } from "../../api/schedules";
import type { Schedule } from "../../api/types";
import { useMay } from "../../app/role";
import { type Column, DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { More } from "../../components/More";
import { PageHeader } from "../../components/PageHeader";
import { QueryState } from "../../components/QueryState";
import { RouterLink } from "../../components/RouterLink";
import { useTenantNames } from "../../components/useTenantNames";
import { KINDS } from "../../components/words";
import { formatCount, formatDateTime, NOTHING } from "../../format/format";
import { isUnderWay, RunBadge, ScheduleBadge } from "./badges";
import { type StoredRequest, tenantOf } from "./request";
import { whenOf } from "./words";

const useStyles = makeStyles({
  run: { display: "flex", flexDirection: "column", alignItems: "flex-start", gap: tokens.spacingVerticalXXS },
});

/** All schedules of the caller's tenants. */
export function SchedulesPage() {
  const navigate = useNavigate();
  const mayOperate = useMay("BulkLicenses.Operate");
  const schedules = useInfiniteQuery({
    ...schedulesQuery(),
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.value.some((each) => isUnderWay(each.lastRun?.status))) ? LIVE_MS : false,
  });
  const rows = schedules.data?.pages.flatMap((page) => page.value);

  return (
    <>
      <PageHeader
        title="Schedules"
        about="Operations that start by themselves, once or again and again, and what came of them."
        actions={
          mayOperate && (
            <Button appearance="primary" icon={<AddRegular />} onClick={() => void navigate("/new")}>
              New operation
            </Button>
          )
        }
      />
      <QueryState query={schedules} what="schedules" />
      {rows?.length === 0 && (
        <Empty title="Nothing is scheduled">
          {mayOperate
            ? "The last step of a new operation is when it starts: now, once at a later time, or recurring."
            : "Schedules appear here once somebody makes one."}
        </Empty>
      )}
      {rows && rows.length > 0 && <SchedulesTable rows={rows} />}
      <More query={schedules} label="Show more" />
    </>
  );
}

function SchedulesTable({ rows }: { rows: readonly Schedule[] }) {
  const nameOfTenant = useTenantNames();
  const columns: readonly Column<Schedule>[] = [
    {
      id: "name",
      header: "Schedule",
      cell: (row) => <RouterLink to={`/schedules/${row.id}`}>{row.name}</RouterLink>,
      width: "150px",
    },
    { id: "state", header: "State", cell: (row) => <ScheduleBadge schedule={row} /> },
    { id: "operation", header: "Operation", cell: (row) => KINDS[row.operation] },
    { id: "tenants", header: "Tenants", cell: (row) => tenantsOf(row, nameOfTenant), width: "90px" },
    { id: "when", header: "When", cell: whenOf, width: "150px" },
    { id: "next", header: "Next run", cell: (row) => formatDateTime(row.next[0]), width: "92px" },
    { id: "last", header: "Last run", cell: (row) => <LastRun schedule={row} />, width: "150px" },
  ];
  return <DataTable label="Schedules" columns={columns} rows={rows} keyOf={(row) => row.id} />;
}

function LastRun({ schedule: { lastRun } }: { schedule: Schedule }) {
  const styles = useStyles();
  if (lastRun === null) return NOTHING;
  return (
    <div className={styles.run}>
      <RunBadge status={lastRun.status} />
      <Text size={200}>
        <RouterLink to={`/operations/${lastRun.operationId}`}>{formatDateTime(lastRun.at)}</RouterLink>
      </Text>
    </div>
  );
}

function tenantsOf(schedule: Schedule, nameOf: (id: string) => string): string {
  const { targets = [] }: StoredRequest = schedule.request ?? {};
  const [first, ...others] = targets;
  if (first === undefined) return NOTHING;
  const name = tenantOf(first.tenant, nameOf);
  return others.length === 0 ? name : `${name} and ${formatCount(others.length, "other")}`;
}
