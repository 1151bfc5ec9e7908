import { makeStyles, ProgressBar, Text, tokens, typographyStyles } from "@fluentui/react-components";
import { isEnded } from "../../api/status";
import type { Operation } from "../../api/types";
import { SectionCard } from "../../components/SectionCard";
import { formatCount, formatMeasure, formatNumber, formatPercent, formatSpan, NOTHING } from "../../format/format";
import { PHASES } from "./phases";

const useStyles = makeStyles({
  head: { display: "flex", flexWrap: "wrap", justifyContent: "space-between", gap: tokens.spacingHorizontalM },
  tiles: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(120px, 1fr))",
    gap: tokens.spacingHorizontalL,
  },
  tile: { display: "flex", flexDirection: "column" },
  number: { ...typographyStyles.title3, fontVariantNumeric: "tabular-nums" },
});

/** How far it is: users by outcome, speed, time left, and how often Graph asked for patience. */
export function ProgressCard({ operation }: { operation: Operation }) {
  const styles = useStyles();
  const { progress, status, phase } = operation;
  const { total, pending, succeeded, skipped, failed, percent, rowsRead, usersPerSecond, throttledRequests } = progress;
  const left = progress.estimatedCompletion
    ? (new Date(progress.estimatedCompletion).getTime() - Date.now()) / 1000
    : null;
  const tiles = [
    ["succeeded", formatNumber(succeeded)],
    ["skipped", formatNumber(skipped)],
    ["failed", formatNumber(failed)],
    ["pending", formatNumber(pending)],
    ["users a second", formatMeasure(usersPerSecond)],
    ["time left", isEnded(status) || left === null ? NOTHING : formatSpan(left)],
    ["throttled requests", formatNumber(throttledRequests)],
  ] as const;
  return (
    <SectionCard title="Progress">
      <div className={styles.head}>
        <Text>
          {total > 0
            ? `${formatNumber(total - pending)} of ${formatCount(total, "user")} (${formatPercent(percent)})`
            : rowsRead
              ? `${formatCount(rowsRead, "row")} read`
              : isEnded(status)
                ? "No users"
                : "Nobody yet"}
        </Text>
        {!isEnded(status) && <Text>{PHASES[phase]}</Text>}
      </div>
      <ProgressBar
        {...(total > 0 || isEnded(status) ? { value: percent / 100 } : {})}
        thickness="large"
        color={failed > 0 ? "warning" : "brand"}
        aria-label="Users done"
      />
      <div className={styles.tiles}>
        {tiles.map(([label, value]) => (
          <div key={label} className={styles.tile}>
            <span className={styles.number}>{value}</span>
            <Text size={200}>{label}</Text>
          </div>
        ))}
      </div>
    </SectionCard>
  );
}
