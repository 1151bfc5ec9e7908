import { useQuery } from "@tanstack/react-query";
import { licencesQuery, type TenantLicence } from "../../api/directory";
import { asProblem } from "../../api/problem";
import { type Column, DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { Loading } from "../../components/Loading";
import { ProblemMessage } from "../../components/ProblemMessage";
import { formatMoney, formatNumber, NOTHING } from "../../format/format";

const COLUMNS: readonly Column<TenantLicence>[] = [
  { id: "name", header: "Licence", cell: (row) => row.name || row.sku, width: "180px" },
  { id: "sku", header: "SKU", cell: (row) => row.sku },
  { id: "total", header: "Seats", cell: ({ total, warning }) => formatNumber(total + warning), align: "end" },
  { id: "assigned", header: "Assigned", cell: (row) => formatNumber(row.assigned), align: "end" },
  { id: "available", header: "Available", cell: (row) => formatNumber(row.available), align: "end" },
  { id: "status", header: "Status", cell: (row) => row.status },
  {
    id: "price",
    header: "Price a month",
    cell: ({ price, currency }) => (price === null || !currency ? NOTHING : formatMoney(price, currency)),
    align: "end",
  },
];

/** What the tenant subscribes to, read from its directory now. */
export function Licences({ tenant }: { tenant: string }) {
  const licences = useQuery(licencesQuery(tenant));
  if (licences.error)
    return <ProblemMessage problem={asProblem(licences.error)} onRetry={() => void licences.refetch()} />;
  if (licences.data === undefined) return <Loading what="the licences" />;
  if (licences.data.length === 0) return <Empty title="The tenant subscribes to nothing" />;
  return <DataTable label="Subscribed licences" columns={COLUMNS} rows={licences.data} keyOf={(row) => row.skuId} />;
}
