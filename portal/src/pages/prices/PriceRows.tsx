import { Button, Field, Input, makeStyles, Text } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons/svg/dismiss";
import { type Column, DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { faultAt } from "../../components/faults";
import { type Draft, type faultsOf, pointerOf, type Row } from "./draft";

// An input is as wide as its column, whatever the browser would give it.
const useStyles = makeStyles({ field: { "& input": { width: "100%", minWidth: 0 } } });

interface PriceRowsProps {
  draft: Draft;
  /** Where the API points to for this book. */
  pointer: string;
  /** Why the last try was refused. */
  error: unknown;
  faults: ReturnType<typeof faultsOf>;
  onChange: (key: number, changed: Partial<Row>) => void;
  onRemove: (key: number) => void;
}

/** The prices of a book, each to be changed or taken out. */
export function PriceRows({ draft, pointer, error, faults, onChange, onRemove }: PriceRowsProps) {
  const styles = useStyles();
  if (draft.rows.length === 0) return <Empty title="The book has no price yet" />;
  const columns: readonly Column<Row>[] = [
    {
      id: "sku",
      header: "SKU",
      cell: ({ key, sku }) => (
        <Field className={styles.field} validationMessage={faults.get(key)?.sku ?? null}>
          <Input
            aria-label="SKU"
            value={sku}
            spellCheck={false}
            onChange={(_, data) => onChange(key, { sku: data.value })}
          />
        </Field>
      ),
      width: "150px",
    },
    {
      id: "price",
      header: "A seat a month",
      cell: ({ key, sku, price }) => (
        <Field
          className={styles.field}
          validationMessage={faults.get(key)?.price ?? faultAt(error, pointerOf(pointer, sku)) ?? null}
        >
          <Input
            aria-label={`Price of ${sku || "the new SKU"}`}
            type="number"
            inputMode="decimal"
            min={0}
            step="0.01"
            value={price}
            contentAfter={
              <Text size={200} wrap={false}>
                {draft.currency}
              </Text>
            }
            onChange={(_, data) => onChange(key, { price: data.value })}
          />
        </Field>
      ),
      width: "120px",
    },
    {
      id: "remove",
      header: "Remove",
      cell: ({ key, sku }) => (
        <Button
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label={`Remove the price of ${sku || "the new SKU"}`}
          onClick={() => onRemove(key)}
        />
      ),
    },
  ];
  return <DataTable label="Prices" columns={columns} rows={draft.rows} keyOf={(row) => String(row.key)} />;
}
