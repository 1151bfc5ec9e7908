import { useState } from "react";
import type { ReconciliationRow } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { More } from "../../components/More";
import { useTenantNames } from "../../components/useTenantNames";
import { formatChange, formatMoney, formatNumber, NOTHING } from "../../format/format";

/** Rows at once: all of them may be some thousand. */
const SHOWN = 200;

/** The rows as they are: a dash is what nobody knows, not nought. */
export function ReconciliationTable({ rows }: { rows: readonly ReconciliationRow[] }) {
  const nameOf = useTenantNames();
  const [shown, setShown] = useState(SHOWN);
  const columns: readonly Column<ReconciliationRow>[] = [
    { id: "tenant", header: "Tenant", cell: (row) => nameOf(row.tenantId), width: "100px" },
    { id: "sku", header: "SKU", cell: (row) => row.sku ?? NOTHING, width: "140px" },
    { id: "added", header: "Added", cell: (row) => formatNumber(row.added), align: "end" },
    { id: "removed", header: "Removed", cell: (row) => formatNumber(row.removed), align: "end" },
    { id: "net", header: "Net", cell: (row) => formatChange(row.net), align: "end" },
    { id: "now", header: "In use now", cell: (row) => formatNumber(row.consumedNow), align: "end" },
    {
      id: "unexplained",
      header: "Unexplained",
      cell: (row) => (row.unexplained === null ? NOTHING : formatChange(row.unexplained)),
      align: "end",
    },
    { id: "monthly", header: "Monthly change", cell: costOf, align: "end" },
  ];
  const pages = {
    hasNextPage: shown < rows.length,
    isFetchingNextPage: false,
    fetchNextPage: async () => setShown(shown + SHOWN),
  };
  return (
    <>
      <DataTable
        label="Reconciliation"
        columns={columns}
        rows={rows.slice(0, shown)}
        keyOf={(row) => `${row.tenantId}|${row.skuId}|${row.sku}`}
      />
      <More query={pages} label="Show more" />
    </>
  );
}

function costOf({ monthlyChange, currency }: ReconciliationRow): string {
  if (monthlyChange === null) return "Not known";
  return currency === null ? formatChange(monthlyChange) : formatMoney(monthlyChange, currency, true);
}
