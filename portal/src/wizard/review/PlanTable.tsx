import { Field, makeStyles, SearchBox, tokens } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { type PlanFilter, type Preview, type PreviewUser, planCsv, planQuery } from "../../api/previews";
import { asProblem } from "../../api/problem";
import { Choice } from "../../components/Choice";
import { CsvButton } from "../../components/CsvButton";
import { labelOfCode } from "../../components/codes";
import { Empty } from "../../components/Empty";
import { Loading } from "../../components/Loading";
import { ProblemMessage } from "../../components/ProblemMessage";
import { useDebounced } from "../../components/useDebounced";
import { type VirtualColumn, VirtualTable } from "../../components/VirtualTable";
import { formatCount, NOTHING } from "../../format/format";

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", alignItems: "end", gap: tokens.spacingHorizontalL },
  search: { minWidth: "220px" },
  end: { marginLeft: "auto" },
});

const STATUSES: Record<PreviewUser["status"], string> = {
  change: "Will be changed",
  unchanged: "Stays as it is",
  skipped: "Skipped",
};

interface PlanTableProps {
  preview: Preview;
  nameOf: (tenantId: string) => string;
}

/** What would become of each user: searched, filtered, all of it as CSV. */
export function PlanTable({ preview, nameOf }: PlanTableProps) {
  const styles = useStyles();
  const [status, setStatus] = useState<PreviewUser["status"]>();
  const [tenant, setTenant] = useState<string>();
  const [typed, setTyped] = useState("");
  const search = useDebounced(typed.trim());
  const filter: PlanFilter = { ...(status && { status }), ...(tenant && { tenant }), ...(search && { search }) };
  const plan = useInfiniteQuery(planQuery(preview.id, filter));
  const rows = useMemo(() => plan.data?.pages.flatMap((page) => page.value) ?? [], [plan.data]);
  const { fetchNextPage } = plan;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const several = preview.tenants.length > 1;
  const columns = useMemo(() => columnsOf(several ? nameOf : null), [several, nameOf]);

  return (
    <>
      <div className={styles.bar}>
        <Field label="Search sign-in names" className={styles.search}>
          <SearchBox value={typed} placeholder="Part of the name" onChange={(_, data) => setTyped(data.value)} />
        </Field>
        <Choice
          label="What happens"
          all="Everything"
          value={status}
          options={(Object.keys(STATUSES) as PreviewUser["status"][]).map((value) => ({
            value,
            label: STATUSES[value],
          }))}
          onChange={setStatus}
        />
        {several && (
          <Choice
            label="Tenant"
            all="All tenants"
            value={tenant}
            options={preview.tenants.map(({ tenantId }) => ({ value: tenantId, label: nameOf(tenantId) }))}
            onChange={setTenant}
          />
        )}
        <div className={styles.end}>
          <CsvButton ask={() => planCsv(preview.id, filter)} />
        </div>
      </div>
      {plan.error && <ProblemMessage problem={asProblem(plan.error)} onRetry={() => void plan.refetch()} />}
      {plan.isPending && <Loading what="the users" />}
      {plan.data && rows.length === 0 && !plan.hasNextPage && <Empty title="No user matches" />}
      {plan.data && (rows.length > 0 || plan.hasNextPage) && (
        <VirtualTable
          label="What becomes of each user"
          columns={columns}
          rows={rows}
          keyOf={(row) => `${row.tenantId}|${row.userId}|${row.userPrincipalName}`}
          hasMore={plan.hasNextPage}
          loading={plan.isFetchingNextPage}
          onMore={more}
          foot={`${formatCount(rows.length, "user")}${plan.hasNextPage ? " loaded, more as you scroll" : ""}`}
        />
      )}
    </>
  );
}

function columnsOf(nameOf: ((tenantId: string) => string) | null): VirtualColumn<PreviewUser>[] {
  const tenant = {
    id: "tenant",
    header: "Tenant",
    width: "140px",
    text: ({ tenantId }: PreviewUser) => nameOf?.(tenantId) ?? "",
  };
  return [
    { id: "user", header: "User", width: "minmax(250px, 2fr)", text: (row) => row.userPrincipalName },
    ...(nameOf ? [tenant] : []),
    { id: "status", header: "What happens", width: "130px", text: (row) => STATUSES[row.status] },
    { id: "add", header: "Gets", width: "minmax(120px, 1fr)", text: addedBy },
    { id: "remove", header: "Loses", width: "minmax(100px, 1fr)", text: (row) => row.remove.join(", ") || NOTHING },
    { id: "location", header: "Location", width: "80px", text: (row) => row.usageLocation ?? NOTHING },
    { id: "why", header: "Remarks", width: "minmax(160px, 2fr)", text: remarksOf },
  ];
}

function addedBy({ add }: PreviewUser): string {
  const each = add.map(({ sku, disabledPlans }) =>
    disabledPlans.length > 0 ? `${sku} without ${disabledPlans.join(", ")}` : sku,
  );
  return each.join("; ") || NOTHING;
}

function remarksOf({ code, message, warnings }: PreviewUser): string {
  const remarks = [message ?? (code && labelOfCode(code)), ...warnings].filter(Boolean);
  return remarks.join(" · ") || NOTHING;
}
