import { makeStyles, Text, tokens } from "@fluentui/react-components";
import type { ReconciliationRow } from "../../api/types";
import { formatChange, formatMoney, formatNumber } from "../../format/format";

const useStyles = makeStyles({
  root: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(180px, 1fr))",
    gap: tokens.spacingHorizontalL,
    margin: 0,
  },
  sum: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalXS,
    padding: tokens.spacingHorizontalL,
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusMedium,
    boxShadow: tokens.shadow2,
  },
  value: { margin: 0, fontSize: tokens.fontSizeBase600, lineHeight: tokens.lineHeightBase600 },
  more: { display: "block", color: tokens.colorNeutralForeground3 },
});

interface SumsProps {
  rows: readonly ReconciliationRow[];
  /** Whether tenants are still missing. */
  isPartial: boolean;
}

/** A month in four figures. */
export function Sums({ rows, isPartial }: SumsProps) {
  const styles = useStyles();
  const added = sum(rows.map((row) => row.added));
  const removed = sum(rows.map((row) => row.removed));
  const { amounts, unpriced } = monthlyOf(rows);
  const compared = rows.filter((row) => row.unexplained !== null);
  const notCompared = rows.length - compared.length;
  return (
    <dl className={styles.root}>
      <Sum name="Seats added" value={formatNumber(added)} more={isPartial && "So far"} />
      <Sum name="Seats removed" value={formatNumber(removed)} more={isPartial && "So far"} />
      <Sum
        name="Change of monthly cost"
        value={amounts.map(([currency, amount]) => formatMoney(amount, currency, true)).join(", ") || formatChange(0)}
        more={
          unpriced > 0 &&
          `Without ${formatNumber(unpriced)} of ${formatNumber(rows.length)} SKUs whose price is not known`
        }
      />
      <Sum
        name="Unexplained seats"
        value={
          compared.length === 0 ? "Not known" : formatNumber(sum(compared.map((row) => Math.abs(row.unexplained ?? 0))))
        }
        more={
          notCompared > 0 &&
          `${formatNumber(notCompared)} of ${formatNumber(rows.length)} SKUs have no two counts to compare`
        }
      />
    </dl>
  );
}

function Sum({ name, value, more }: { name: string; value: string; more: string | false }) {
  const styles = useStyles();
  return (
    <div className={styles.sum}>
      <dt>{name}</dt>
      <dd className={styles.value}>
        {value}
        {more && (
          <Text size={200} className={styles.more}>
            {more}
          </Text>
        )}
      </dd>
    </div>
  );
}

/** What a month costs more or less, by currency, and how many rows nobody can say it of. */
function monthlyOf(rows: readonly ReconciliationRow[]): {
  amounts: [currency: string, amount: number][];
  unpriced: number;
} {
  const cents = new Map<string, number>();
  for (const { monthlyChange, currency } of rows) {
    if (monthlyChange === null || currency === null) continue;
    cents.set(currency, (cents.get(currency) ?? 0) + Math.round(monthlyChange * 100));
  }
  const amounts = [...cents].map(([currency, amount]): [string, number] => [currency, amount / 100]);
  return { amounts, unpriced: rows.filter((row) => row.monthlyChange === null).length };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
