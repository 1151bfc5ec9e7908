import { GroupedVerticalBarChart, ResponsiveContainer } from "@fluentui/react-charts";
import { makeStyles, tokens } from "@fluentui/react-components";
import type { ReconciliationRow } from "../../api/types";
import { formatCount, formatList, formatNumber } from "../../format/format";

const SHOWN = 8;
const HEIGHT = 300;
const TICKS = 4;

const useStyles = makeStyles({ frame: { height: `${HEIGHT}px`, margin: 0 } });

interface Moved {
  sku: string;
  added: number;
  removed: number;
}

/** The SKUs of which most seats moved, as bars. All figures stand in the table below, too. */
export function SeatsChart({ rows }: { rows: readonly ReconciliationRow[] }) {
  const styles = useStyles();
  const moved = movedOf(rows);
  if (moved.length === 0) return "No seat was added or removed.";
  const shown = moved.slice(0, SHOWN);
  const data = shown.map(({ sku, added, removed }) => ({
    name: sku,
    series: [
      { key: "added", legend: "Added", data: added, color: tokens.colorPaletteBlueForeground2 },
      { key: "removed", legend: "Removed", data: removed, color: tokens.colorPaletteMarigoldForeground1 },
    ],
  }));
  return (
    <figure aria-label={textOf(moved)} className={styles.frame}>
      <ResponsiveContainer>
        <GroupedVerticalBarChart
          data={data}
          height={HEIGHT}
          barWidth="auto"
          maxBarWidth={32}
          yMaxValue={roundAbove(Math.max(...shown.map((each) => Math.max(each.added, each.removed))))}
          yAxisTickCount={TICKS}
          wrapXAxisLables
        />
      </ResponsiveContainer>
    </figure>
  );
}

function movedOf(rows: readonly ReconciliationRow[]): Moved[] {
  const bySku = new Map<string, Moved>();
  for (const { sku, added, removed } of rows) {
    if (sku === null || added + removed === 0) continue;
    const before = bySku.get(sku) ?? { sku, added: 0, removed: 0 };
    bySku.set(sku, { sku, added: before.added + added, removed: before.removed + removed });
  }
  return [...bySku.values()].sort((one, other) => other.added + other.removed - one.added - one.removed);
}

/** The next number that the ticks divide into round ones, with room for the figure above the highest bar. */
function roundAbove(most: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(most / TICKS)));
  return Math.ceil((most * 1.1) / (TICKS * unit)) * TICKS * unit;
}

function textOf(moved: readonly Moved[]): string {
  const told = moved
    .slice(0, SHOWN)
    .map(({ sku, added, removed }) => `${sku} ${formatNumber(added)} added, ${formatNumber(removed)} removed`);
  const others = moved.length > SHOWN ? ` ${formatCount(moved.length - SHOWN, "other SKU")} moved less.` : "";
  return `Seats by SKU: ${formatList(told)}.${others}`;
}
