import { makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import type { Impact } from "../api/previews";
import { formatCount, formatNumber } from "../format/format";

const useStyles = makeStyles({
  list: {
    listStyleType: "none",
    margin: 0,
    padding: 0,
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
  },
  head: { display: "flex", flexWrap: "wrap", justifyContent: "space-between", gap: tokens.spacingHorizontalM },
  bar: {
    display: "flex",
    height: "12px",
    marginTop: tokens.spacingVerticalXXS,
    borderRadius: tokens.borderRadiusMedium,
    overflow: "hidden",
    backgroundColor: tokens.colorNeutralBackground5,
  },
  kept: { backgroundColor: tokens.colorBrandBackground },
  taken: { backgroundColor: tokens.colorPaletteMarigoldBackground3 },
  freed: { backgroundColor: tokens.colorPaletteGreenBackground3 },
  missing: { backgroundColor: tokens.colorPaletteRedBackground3 },
  legend: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalL },
  sign: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalXS },
  square: { width: "12px", height: "12px", borderRadius: tokens.borderRadiusSmall },
  short: { color: tokens.colorStatusDangerForeground1 },
});

type Part = "kept" | "taken" | "freed" | "missing";

const PARTS: readonly { kind: Part; label: string }[] = [
  { kind: "kept", label: "stay in use" },
  { kind: "taken", label: "newly taken" },
  { kind: "freed", label: "freed" },
  { kind: "missing", label: "missing" },
];

interface SeatBarsProps {
  licences: Impact["licenses"];
  nameOf: (tenantId: string) => string;
}

/** A bar a licence: seats in use that stay, those that are taken, freed or missing, and those left. */
export function SeatBars({ licences, nameOf }: SeatBarsProps) {
  const styles = useStyles();
  const several = new Set(licences.map(({ tenantId }) => tenantId)).size > 1;
  const bars = licences.map((licence) => ({ licence, parts: partsOf(licence) }));
  const kinds = PARTS.filter(({ kind }) => bars.some(({ parts }) => parts[kind] > 0));
  return (
    <>
      <ul className={styles.list} aria-label="Seats">
        {bars.map(({ licence, parts }) => {
          const { tenantId, sku, name, total, before, after, availableAfter, shortfall } = licence;
          const width = Math.max(total, before, after + shortfall, 1);
          return (
            <li key={`${tenantId}|${sku}`}>
              <div className={styles.head}>
                <Text>{several ? `${name} (${nameOf(tenantId)})` : name}</Text>
                <Text size={200} className={shortfall > 0 ? styles.short : ""}>
                  {`${formatNumber(before)} → ${formatNumber(after)} of ${formatCount(total, "seat")}, `}
                  {shortfall > 0 ? `${formatNumber(shortfall)} missing` : `${formatNumber(availableAfter)} left`}
                </Text>
              </div>
              <div className={styles.bar} aria-hidden>
                {kinds.map(({ kind }) => (
                  <div key={kind} className={styles[kind]} style={{ width: `${(100 * parts[kind]) / width}%` }} />
                ))}
              </div>
            </li>
          );
        })}
      </ul>
      <div className={styles.legend} aria-hidden>
        {kinds.map(({ kind, label }) => (
          <span key={kind} className={styles.sign}>
            <span className={mergeClasses(styles.square, styles[kind])} />
            <Text size={200}>{label}</Text>
          </span>
        ))}
      </div>
    </>
  );
}

function partsOf({ before, after, shortfall }: Impact["licenses"][number]): Record<Part, number> {
  return {
    kept: Math.min(before, after),
    taken: Math.max(after - before, 0),
    freed: Math.max(before - after, 0),
    missing: shortfall,
  };
}
