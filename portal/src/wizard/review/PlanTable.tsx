import { Field, makeStyles, SearchBox, tokens } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type PlanFilter, type Preview, planCsv, planQuery } from "../../api/previews";
import { Choice } from "../../components/Choice";
import { CsvButton } from "../../components/CsvButton";
import { PagedTable } from "../../components/PagedTable";
import { useDebounced } from "../../components/useDebounced";
import type { VirtualColumn } from "../../components/VirtualTable";
import { PLAN_STATUSES, type PlanRow, planRowOf } from "./planRow";

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", alignItems: "end", gap: tokens.spacingHorizontalL },
  search: { minWidth: "220px" },
  end: { marginLeft: "auto" },
});

interface PlanTableProps {
  preview: Preview;
  nameOf: (tenantId: string) => string;
}

/** What would become of each user: searched, filtered, all of it as CSV. */
export function PlanTable({ preview, nameOf }: PlanTableProps) {
  const styles = useStyles();
  const [status, setStatus] = useState<PlanRow["status"]>();
  const [tenant, setTenant] = useState<string>();
  const [typed, setTyped] = useState("");
  const search = useDebounced(typed.trim());
  const filter: PlanFilter = { ...(status && { status }), ...(tenant && { tenant }), ...(search && { search }) };
  const plan = useInfiniteQuery(planQuery(preview.id, filter, planRowOf));
  const rows = useMemo(() => plan.data?.pages.flatMap((page) => page.rows) ?? [], [plan.data]);
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
          options={(Object.keys(PLAN_STATUSES) as PlanRow["status"][]).map((value) => ({
            value,
            label: PLAN_STATUSES[value],
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
      <PagedTable
        label="What becomes of each user"
        what="the users"
        empty="No user matches"
        columns={columns}
        rows={rows}
        keyOf={(row) => row.key}
        query={plan}
      />
    </>
  );
}

function columnsOf(nameOf: ((tenantId: string) => string) | null): VirtualColumn<PlanRow>[] {
  const tenant = {
    id: "tenant",
    header: "Tenant",
    width: "140px",
    text: ({ tenantId }: PlanRow) => nameOf?.(tenantId) ?? "",
  };
  return [
    { id: "user", header: "User", width: "minmax(min(285px, 45vw), 2fr)", text: (row) => row.user },
    ...(nameOf ? [tenant] : []),
    { id: "status", header: "What happens", width: "115px", text: (row) => PLAN_STATUSES[row.status] },
    { id: "gets", header: "Gets", width: "minmax(150px, 1.5fr)", text: (row) => row.gets },
    { id: "loses", header: "Loses", width: "minmax(80px, 1fr)", text: (row) => row.loses },
    { id: "location", header: "Location", width: "70px", text: (row) => row.location },
    { id: "remarks", header: "Remarks", width: "minmax(160px, 2fr)", text: (row) => row.remarks },
  ];
}
