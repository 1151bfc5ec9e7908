import type { Impact } from "../api/previews";
import { type Column, DataTable } from "../components/DataTable";
import { formatChange, formatMoney, formatNumber, NOTHING } from "../format/format";

interface Row {
  id: string;
  metric: string;
  current: string;
  after: string;
  change: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { id: "metric", header: "Metric", cell: (row) => row.metric, width: "130px" },
  { id: "current", header: "Current", cell: (row) => row.current, align: "end" },
  { id: "after", header: "After", cell: (row) => row.after, align: "end" },
  { id: "change", header: "Change", cell: (row) => row.change, align: "end" },
];

interface ChangeTableProps {
  impact: Impact;
  nameOf: (tenantId: string) => string;
}

/** Seats of each licence and the month's cost: now, after, and the change. */
export function ChangeTable({ impact, nameOf }: ChangeTableProps) {
  return <DataTable label="Impact" columns={COLUMNS} rows={rowsOf(impact, nameOf)} keyOf={(row) => row.id} />;
}

function rowsOf({ licenses, cost, totalCost }: Impact, nameOf: (tenantId: string) => string): Row[] {
  const several = new Set(licenses.map(({ tenantId }) => tenantId)).size > 1;
  const of = (tenantId: string) => (several ? ` (${nameOf(tenantId)})` : "");
  const seats = licenses.flatMap(({ tenantId, sku, name, total, before, after, change, availableAfter }) => {
    const left = Math.max(total - before, 0);
    return [
      {
        id: `${tenantId}|${sku}|assigned`,
        metric: `${name} assigned${of(tenantId)}`,
        current: formatNumber(before),
        after: formatNumber(after),
        change: formatChange(change),
      },
      {
        id: `${tenantId}|${sku}|left`,
        metric: `${name} left${of(tenantId)}`,
        current: formatNumber(left),
        after: formatNumber(availableAfter),
        change: formatChange(availableAfter - left),
      },
    ];
  });
  const money = cost.map((each) => ({ ...each, id: each.tenantId, metric: `Monthly cost${of(each.tenantId)}` }));
  if (totalCost && several) {
    money.push({
      ...totalCost,
      id: "total",
      metric: "Monthly cost of all",
      tenantId: "",
      unpriced: [],
      unusedPaidSeats: [],
    });
  }
  return [
    ...seats,
    ...money.map(({ id, metric, currency, monthlyBefore, monthlyAfter, change }) => ({
      id: `${id}|cost`,
      metric,
      current: formatMoney(monthlyBefore, currency),
      after: formatMoney(monthlyAfter, currency),
      change: change === null ? NOTHING : formatMoney(change, currency, true),
    })),
  ];
}
