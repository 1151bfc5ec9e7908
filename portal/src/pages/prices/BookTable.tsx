import { Text } from "@fluentui/react-components";
import type { PriceBook } from "../../api/types";
import { DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { SectionCard } from "../../components/SectionCard";
import { formatDay, formatMoney } from "../../format/format";

/** A book as it is, for who may not change it. */
export function BookTable({ book }: { book: PriceBook }) {
  const rows = Object.entries(book.monthly);
  return (
    <SectionCard title={`Prices in ${book.currency}`}>
      {book.asOf && <Text>They hold from {formatDay(book.asOf)}.</Text>}
      {rows.length === 0 ? (
        <Empty title="The book has no price" />
      ) : (
        <DataTable
          label="Prices"
          columns={[
            { id: "sku", header: "SKU", cell: ([sku]) => sku },
            {
              id: "price",
              header: "A seat a month",
              cell: ([, price]) => formatMoney(price, book.currency),
              align: "end",
            },
          ]}
          rows={rows}
          keyOf={([sku]) => sku}
        />
      )}
    </SectionCard>
  );
}
