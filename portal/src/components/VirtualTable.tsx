import { makeStyles, mergeClasses, Spinner, Text, tokens } from "@fluentui/react-components";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

const ROW_PX = 56;
/** Rows before the end of what is loaded at which more is asked for. */
const AHEAD = 200;

const useStyles = makeStyles({
  frame: {
    height: "min(60vh, 560px)",
    overflow: "auto",
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    contain: "strict",
  },
  table: { minWidth: "fit-content" },
  row: {
    display: "grid",
    gap: tokens.spacingHorizontalM,
    alignItems: "center",
    height: `${ROW_PX}px`,
    paddingLeft: tokens.spacingHorizontalM,
    paddingRight: tokens.spacingHorizontalM,
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    boxSizing: "border-box",
  },
  header: {
    position: "sticky",
    top: 0,
    zIndex: 1,
    height: "40px",
    fontWeight: tokens.fontWeightSemibold,
    backgroundColor: tokens.colorNeutralBackground2,
  },
  body: { position: "relative" },
  placed: { position: "absolute", top: 0, left: 0, right: 0 },
  cell: {
    display: "-webkit-box",
    WebkitBoxOrient: "vertical",
    WebkitLineClamp: 3,
    overflow: "hidden",
    overflowWrap: "anywhere",
    minWidth: 0,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
  },
  foot: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalS,
    paddingTop: tokens.spacingVerticalXS,
    minHeight: "28px",
  },
});

/** A column of a virtual table; `text` is what a cell says in full where it is cut. */
export interface VirtualColumn<T> {
  id: string;
  header: string;
  /** Its track, in any unit of CSS grids. */
  width: string;
  text: (row: T) => string;
}

interface VirtualTableProps<T> {
  label: string;
  columns: readonly VirtualColumn<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  hasMore: boolean;
  loading: boolean;
  onMore: () => void;
  /** What stands below the table: how many rows there are. */
  foot: string;
}

/** Rows by the hundred thousand: only those in sight are drawn, and pages are asked for as they come near. */
export function VirtualTable<T>({ label, columns, rows, keyOf, hasMore, loading, onMore, foot }: VirtualTableProps<T>) {
  const styles = useStyles();
  const frame = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const near = hasMore && !loading && last >= rows.length - AHEAD;
  useEffect(() => {
    if (near) onMore();
  }, [near, onMore]);
  const tracks = { gridTemplateColumns: columns.map(({ width }) => width).join(" ") };

  return (
    <div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section ref={frame} className={styles.frame} tabIndex={0} aria-label={`${label}, scrolls`}>
        {/* biome-ignore lint/a11y/useSemanticElements: rows are placed by their numbers, which a table of HTML does not do */}
        <div role="table" aria-label={label} aria-rowcount={hasMore ? -1 : rows.length + 1} className={styles.table}>
          {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
          <div role="row" aria-rowindex={1} className={mergeClasses(styles.row, styles.header)} style={tracks}>
            {columns.map(({ id, header }) => (
              // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
              <span key={id} role="columnheader" className={styles.cell}>
                {header}
              </span>
            ))}
          </div>
          {/* biome-ignore lint/a11y/useSemanticElements: as above */}
          <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
            {items.map(({ index, start }) => {
              const row = rows[index];
              if (row === undefined) return null;
              return (
                // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
                <div
                  key={keyOf(row)}
                  role="row"
                  aria-rowindex={index + 2}
                  className={mergeClasses(styles.row, styles.placed)}
                  style={{ ...tracks, transform: `translateY(${start}px)` }}
                >
                  {columns.map(({ id, text }) => (
                    // biome-ignore lint/a11y/useSemanticElements: as above
                    <span key={id} role="cell" className={styles.cell} title={text(row)}>
                      {text(row)}
                    </span>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </section>
      <div className={styles.foot}>
        <Text size={200}>{foot}</Text>
        {loading && <Spinner size="extra-tiny" aria-label="Loading more" />}
      </div>
    </div>
  );
}
