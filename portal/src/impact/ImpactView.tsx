import {
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  mergeClasses,
  Text,
  tokens,
  typographyStyles,
} from "@fluentui/react-components";
import type { Impact } from "../api/previews";
import { labelOfCode } from "../components/codes";
import { SectionCard } from "../components/SectionCard";
import { formatCount, formatMoney, formatNumber } from "../format/format";
import { ChangeTable } from "./ChangeTable";
import { SeatBars } from "./SeatBars";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  tiles: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(150px, 1fr))",
    gap: tokens.spacingHorizontalL,
  },
  tile: { display: "flex", flexDirection: "column" },
  number: { ...typographyStyles.title2 },
  faint: { color: tokens.colorNeutralForeground2 },
  list: { margin: 0, paddingLeft: "20px", overflowWrap: "anywhere" },
  columns: { columnWidth: "360px" },
  warnings: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
});

interface ImpactViewProps {
  impact: Impact;
  nameOf: (tenantId: string) => string;
}

/** What a plan does: users, seats and money now and after, conflicts and warnings. */
export function ImpactView({ impact, nameOf }: ImpactViewProps) {
  const styles = useStyles();
  return (
    <div className={styles.root}>
      <Users impact={impact} />
      <SectionCard title="Seats and cost">
        <ChangeTable impact={impact} nameOf={nameOf} />
        <SeatBars licences={impact.licenses} nameOf={nameOf} />
        <Unused impact={impact} />
      </SectionCard>
      <Warnings impact={impact} />
      <Conflicts impact={impact} />
    </div>
  );
}

function Users({ impact }: { impact: Impact }) {
  const styles = useStyles();
  const skipped = impact.usersSkipped.reduce((sum, { count }) => sum + count, 0);
  const excluded = impact.excluded.reduce((sum, { count }) => sum + count, 0);
  const why = (list: Impact["excluded"]) =>
    list.map(({ code, count }) => `${labelOfCode(code)}: ${formatNumber(count)}`);
  const tiles = [
    { label: "selected", value: impact.usersSelected, about: [] },
    { label: "will be changed", value: impact.usersAffected, about: [] },
    { label: "stay as they are", value: impact.usersUnchanged, about: [] },
    { label: "skipped", value: skipped, about: why(impact.usersSkipped) },
    { label: "excluded", value: excluded, about: why(impact.excluded) },
  ];
  return (
    <SectionCard title="Users">
      <div className={styles.tiles}>
        {tiles.map(({ label, value, about }) => (
          <div key={label} className={styles.tile}>
            <span className={styles.number}>{formatNumber(value)}</span>
            <Text>{label}</Text>
            {about.map((line) => (
              <Text key={line} size={200} className={styles.faint}>
                {line}
              </Text>
            ))}
          </div>
        ))}
      </div>
    </SectionCard>
  );
}

function Unused({ impact }: { impact: Impact }) {
  const styles = useStyles();
  const unused = impact.cost.flatMap(({ currency, tenantId, unusedPaidSeats }) =>
    unusedPaidSeats.map((each) => ({ ...each, currency, tenantId })),
  );
  const unpriced = [...new Set(impact.cost.flatMap((each) => each.unpriced))];
  return (
    <>
      {unused.length > 0 && (
        <div>
          <Text weight="semibold">Paid and used by nobody afterwards</Text>
          <ul className={mergeClasses(styles.list, styles.columns)}>
            {unused.map(({ sku, seats, monthly, currency, tenantId }) => (
              <li key={`${tenantId}|${sku}`}>
                {`${formatCount(seats, "seat")} of ${sku}, ${formatMoney(monthly, currency)} a month`}
              </li>
            ))}
          </ul>
        </div>
      )}
      {unpriced.length > 0 && (
        <Text className={styles.faint}>{`No price is known of ${unpriced.join(", ")}: the cost is not complete.`}</Text>
      )}
    </>
  );
}

function Warnings({ impact: { warnings, usersAffected } }: { impact: Impact }) {
  const styles = useStyles();
  if (warnings.length === 0) return null;
  return (
    <SectionCard title="Warnings">
      <div className={styles.warnings}>
        {warnings.map(({ code, count, message, sample }) => (
          <MessageBar key={code} intent="warning" layout="multiline">
            <MessageBarBody>
              <MessageBarTitle>{`${labelOfCode(code)} (${formatNumber(count)} of ${formatNumber(usersAffected)})`}</MessageBarTitle>
              {message}
              {sample.length > 0 && <div>{`Such as ${sample.join(", ")}`}</div>}
            </MessageBarBody>
          </MessageBar>
        ))}
      </div>
    </SectionCard>
  );
}

const CONFLICTS_SHOWN = 20;

function Conflicts({ impact: { conflicts, conflictsTotal } }: { impact: Impact }) {
  const styles = useStyles();
  if (conflictsTotal === 0) return null;
  return (
    <SectionCard title={`Conflicts (${formatNumber(conflictsTotal)})`}>
      <ul className={styles.list}>
        {conflicts.slice(0, CONFLICTS_SHOWN).map(({ tenantId, userPrincipalName, plans, resolution }) => (
          <li key={`${tenantId}|${userPrincipalName}|${plans.join()}`}>
            {`${userPrincipalName}: ${plans.join(" and ")} exclude each other; `}
            {resolution === "skip" ? "the licence is left out" : "the conflicting service plans are switched off"}
          </li>
        ))}
        {conflictsTotal > CONFLICTS_SHOWN && <li>{`and ${formatNumber(conflictsTotal - CONFLICTS_SHOWN)} more`}</li>}
      </ul>
    </SectionCard>
  );
}
