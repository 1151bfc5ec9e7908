import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { asProblem } from "../../api/problem";
import { LIVE_MS } from "../../api/queries";
import { runsQuery, scheduleQuery } from "../../api/schedules";
import type { Run, Schedule } from "../../api/types";
import { useMay } from "../../app/role";
import { type Column, DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { Facts } from "../../components/Facts";
import { More } from "../../components/More";
import { PageHeader } from "../../components/PageHeader";
import { ProblemMessage } from "../../components/ProblemMessage";
import { QueryState, ViewState } from "../../components/QueryState";
import { RouterLink } from "../../components/RouterLink";
import { SectionCard } from "../../components/SectionCard";
import { KINDS } from "../../components/words";
import { formatDateTime, formatLongDateTime, formatNumber, NOTHING } from "../../format/format";
import { isUnderWay, RunBadge, ScheduleBadge } from "./badges";
import { RequestCard } from "./RequestCard";
import { ScheduleActions } from "./ScheduleActions";
import { stateOf, whenOf } from "./words";

const RESTING_MS = 30_000;

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  columns: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 300px), 1fr))",
    gap: tokens.spacingHorizontalL,
  },
  times: { margin: 0, paddingLeft: tokens.spacingHorizontalXXL, lineHeight: tokens.lineHeightBase400 },
});

const LIST = { path: "/schedules", label: "Schedules" };

/** One schedule: when it starts what, and what came of it so far. */
export function SchedulePage() {
  const styles = useStyles();
  const { id = "" } = useParams();
  const mayOperate = useMay("BulkLicenses.Operate");
  const found = useQuery({ ...scheduleQuery(id), refetchInterval: RESTING_MS });
  if (found.data === undefined) return <ViewState query={found} title="Schedule" list={LIST} what="the schedule" />;
  const schedule = found.data;
  return (
    <>
      <PageHeader
        title={schedule.name}
        list={LIST}
        about={`${KINDS[schedule.operation]}. ${whenOf(schedule)}.`}
        actions={mayOperate && <ScheduleActions key={id} schedule={schedule} />}
      />
      <div className={styles.root}>
        {found.error && <ProblemMessage problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
        <Told schedule={schedule} />
        <SectionCard title="History">
          <Runs id={schedule.id} />
        </SectionCard>
      </div>
    </>
  );
}

function Told({ schedule }: { schedule: Schedule }) {
  const styles = useStyles();
  const { notify, maxChangesPerRun } = schedule;
  return (
    <div className={styles.columns}>
      <SectionCard title="Next runs">
        <Next schedule={schedule} />
      </SectionCard>
      <RequestCard schedule={schedule} />
      <SectionCard title="How it runs">
        <Facts
          facts={[
            ["State", <ScheduleBadge key="state" schedule={schedule} />],
            ["A time that was missed", schedule.onMissed === "runOnce" ? "Is made up for once" : "Is skipped"],
            ["Users who have left", schedule.removeLeavers ? "Lose what it gave them" : "Keep what it gave them"],
            [
              "Most changes a run",
              maxChangesPerRun === null ? "No limit" : `${formatNumber(maxChangesPerRun)}, above which it halts`,
            ],
            ["Tells", notify?.url ?? "Nobody"],
          ]}
        />
      </SectionCard>
    </div>
  );
}

const WITHOUT_NEXT = {
  active: "",
  paused: "It is paused. The next runs appear here when it is enabled again.",
  over: "It is over: nothing is to come.",
};

function Next({ schedule }: { schedule: Schedule }) {
  const styles = useStyles();
  if (schedule.next.length === 0) return WITHOUT_NEXT[stateOf(schedule)];
  return (
    <>
      <ol className={styles.times}>
        {schedule.next.map((time) => (
          <li key={time}>
            <time dateTime={time}>{formatLongDateTime(time)}</time>
          </li>
        ))}
      </ol>
      <Text size={200}>In your time zone, {Intl.DateTimeFormat().resolvedOptions().timeZone}.</Text>
    </>
  );
}

const COLUMNS: readonly Column<Run>[] = [
  { id: "dueAt", header: "Due", cell: (row) => formatDateTime(row.dueAt), width: "150px" },
  { id: "status", header: "Status", cell: (row) => <RunBadge status={row.status} /> },
  { id: "changes", header: "Users changed", cell: (row) => formatNumber(row.changes), align: "end" },
  {
    id: "operation",
    header: "Operation",
    cell: (row) =>
      row.operationId === null ? (
        NOTHING
      ) : (
        <RouterLink to={`/operations/${row.operationId}`}>{row.operationId}</RouterLink>
      ),
  },
  { id: "message", header: "Remark", cell: (row) => row.message ?? NOTHING, width: "200px" },
];

function Runs({ id }: { id: string }) {
  const runs = useInfiniteQuery({
    ...runsQuery(id),
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.value.some(({ status }) => isUnderWay(status))) ? LIVE_MS : RESTING_MS,
  });
  const rows = runs.data?.pages.flatMap((page) => page.value);
  return (
    <>
      <QueryState query={runs} what="the history" />
      {rows?.length === 0 && <Empty title="It has not run yet" />}
      {rows && rows.length > 0 && (
        <DataTable label="Runs" columns={COLUMNS} rows={rows} keyOf={(row) => `${row.dueAt}|${row.operationId}`} />
      )}
      <More query={runs} label="Show older ones" />
    </>
  );
}
