import {
  makeStyles,
  mergeClasses,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  tokens,
} from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  frame: {
    overflowX: "auto",
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  table: { tableLayout: "auto", "& tbody > tr:last-child": { borderBottom: "none" } },
  header: { fontWeight: tokens.fontWeightSemibold, whiteSpace: "nowrap" },
  cell: { overflowWrap: "anywhere", paddingTop: tokens.spacingVerticalXS, paddingBottom: tokens.spacingVerticalXS },
  end: { textAlign: "end", fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" },
  endHeader: { "& > div": { justifyContent: "flex-end" } },
});

/** A column of a table; numbers stand at the end of their cell. */
export interface Column<T> {
  id: string;
  header: string;
  cell: (row: T) => ReactNode;
  align?: "end";
  /** The least width, in any unit of CSS. */
  width?: string;
}

interface DataTableProps<T> {
  /** What the table holds, for who cannot see it. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
}

/** Rows as a table of HTML, for lists of up to some hundred rows. */
export function DataTable<T>({ label, columns, rows, keyOf }: DataTableProps<T>) {
  const styles = useStyles();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={styles.frame} tabIndex={0} aria-label={label}>
      <Table aria-label={label} className={styles.table}>
        <TableHeader>
          <TableRow>
            {columns.map(({ id, header, align, width }) => (
              <TableHeaderCell
                key={id}
                className={mergeClasses(styles.header, align && styles.endHeader)}
                style={width ? { minWidth: width } : {}}
              >
                {header}
              </TableHeaderCell>
            ))}
          </TableRow>
        </TableHeader>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={keyOf(row)}>
              {columns.map(({ id, cell, align }) => (
                <TableCell key={id} className={mergeClasses(styles.cell, align && styles.end)}>
                  {cell(row)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </section>
  );
}
