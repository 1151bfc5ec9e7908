import { Button, makeStyles, useRestoreFocusTarget } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { auditQuery } from "../../api/audit";
import type { AuditEntry } from "../../api/types";
import { Breakable } from "../../components/Breakable";
import { type Column, DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { More } from "../../components/More";
import { QueryState } from "../../components/QueryState";
import { RouterLink } from "../../components/RouterLink";
import { useTenantNames } from "../../components/useTenantNames";
import { formatDateTime, NOTHING } from "../../format/format";
import { ChainMessage } from "./Chain";
import { linesOf } from "./difference";
import { EntryDrawer } from "./EntryDrawer";
import { Filters } from "./Filters";
import { useAuditFilter } from "./filter";

const useStyles = makeStyles({
  lines: { margin: 0, padding: 0, listStyleType: "none" },
});

/** The entries that the filter leaves, each to be looked at closely. */
export function Entries() {
  const filter = useAuditFilter();
  const [shown, setShown] = useState<AuditEntry | null>(null);
  const entries = useInfiniteQuery(auditQuery(filter));
  const rows = entries.data?.pages.flatMap((page) => page.value);
  return (
    <>
      <Filters filter={filter} />
      {filter.tenant && <ChainMessage tenant={filter.tenant} />}
      <QueryState query={entries} what="the entries" />
      {rows?.length === 0 && (
        <Empty title={Object.keys(filter).length > 0 ? "No entry matches these filters" : "Nothing was changed yet"}>
          An entry is written with every change of a user's licences.
        </Empty>
      )}
      {rows && rows.length > 0 && <EntriesTable rows={rows} onShow={setShown} />}
      <More query={entries} label="Show the next ones" />
      <EntryDrawer entry={shown} onClose={() => setShown(null)} />
    </>
  );
}

function EntriesTable({ rows, onShow }: { rows: readonly AuditEntry[]; onShow: (entry: AuditEntry) => void }) {
  const nameOf = useTenantNames();
  const whereTheFocusComesBack = useRestoreFocusTarget();
  const columns: readonly Column<AuditEntry>[] = [
    { id: "at", header: "When", cell: (row) => formatDateTime(row.at), width: "92px" },
    { id: "tenant", header: "Tenant", cell: (row) => nameOf(row.tenantId), width: "70px" },
    { id: "user", header: "User", cell: (row) => <Breakable text={row.userPrincipalName} />, width: "150px" },
    { id: "change", header: "Change", cell: (row) => <Change entry={row} />, width: "150px" },
    { id: "actor", header: "By", cell: (row) => row.actor.name, width: "70px" },
    { id: "reason", header: "Reason", cell: (row) => row.reason ?? NOTHING, width: "100px" },
    {
      id: "operation",
      header: "Operation",
      cell: (row) => <RouterLink to={`/operations/${row.operationId}`}>{row.operationId.slice(0, 8)}</RouterLink>,
      width: "86px",
    },
    {
      id: "details",
      header: "Details",
      cell: (row) => (
        <Button
          {...whereTheFocusComesBack}
          size="small"
          aria-label={`Show before and after of entry ${row.sequence}, ${row.userPrincipalName}`}
          onClick={() => onShow(row)}
        >
          Show
        </Button>
      ),
    },
  ];
  return (
    <DataTable label="Audit entries" columns={columns} rows={rows} keyOf={(row) => `${row.tenantId}|${row.sequence}`} />
  );
}

function Change({ entry }: { entry: AuditEntry }) {
  const styles = useStyles();
  const lines = linesOf(entry);
  if (lines.length === 0) return NOTHING;
  return (
    <ul className={styles.lines}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
