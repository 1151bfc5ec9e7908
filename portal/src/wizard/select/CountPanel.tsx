import { Card, makeStyles, Spinner, Text, tokens, typographyStyles } from "@fluentui/react-components";
import type { Resolved } from "../../api/directory";
import { labelOfCode } from "../../components/codes";
import { ProblemMessage } from "../../components/ProblemMessage";
import { formatCount, formatNumber, NOTHING } from "../../format/format";
import { useScope } from "../useScope";
import type { Count } from "../useWhom";

const useStyles = makeStyles({
  card: { padding: tokens.spacingHorizontalL, gap: tokens.spacingVerticalS },
  title: { ...typographyStyles.subtitle2, margin: 0 },
  number: { ...typographyStyles.title1 },
  faint: { color: tokens.colorNeutralForeground2 },
  tenant: {
    display: "flex",
    justifyContent: "space-between",
    gap: tokens.spacingHorizontalS,
    overflowWrap: "anywhere",
  },
  error: { color: tokens.colorStatusDangerForeground1, overflowWrap: "anywhere" },
  list: { listStyleType: "none", margin: 0, padding: 0, display: "grid", gap: tokens.spacingVerticalXS },
  sample: { display: "flex", flexDirection: "column", minWidth: 0 },
  name: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
});

/** People shown of those that are selected. */
const SHOWN = 8;

/** How many are selected, counted while the selection is made, with the first of them and who is excluded. */
export function CountPanel({ count }: { count: Count }) {
  const styles = useStyles();
  const known = count.targets.filter(({ error }) => error === null);
  const total = known.reduce((sum, each) => sum + each.count, 0);
  return (
    <Card className={styles.card} role="region" aria-label="Selected users">
      <h2 className={styles.title}>Selected users</h2>
      <div aria-live="polite" aria-atomic>
        {count.state === "nobody" && <Text className={styles.faint}>Nobody yet.</Text>}
        {count.state === "counting" && <Spinner size="tiny" label="Counting …" labelPosition="after" />}
        {count.state === "known" && (
          <>
            <div className={styles.number}>{known.length > 0 ? formatNumber(total) : NOTHING}</div>
            <Text className={styles.faint}>
              {known.length < count.targets.length
                ? `counted in ${formatNumber(known.length)} of ${formatCount(count.targets.length, "tenant")}`
                : `${total === 1 ? "user" : "users"} selected now`}
            </Text>
          </>
        )}
      </div>
      {count.problem &&
        (count.problem.faults.some(({ line }) => line) ? (
          <Text className={styles.error}>Lines of the CSV have faults: they are listed beside it.</Text>
        ) : (
          <ProblemMessage problem={count.problem} onRetry={count.retry} />
        ))}
      {count.state === "known" && <Tenants targets={count.targets} />}
    </Card>
  );
}

function Tenants({ targets }: { targets: Resolved[] }) {
  const styles = useStyles();
  const { nameOf } = useScope();
  const excluded = new Map<string, number>();
  for (const each of targets.flatMap((target) => target.excluded)) {
    excluded.set(each.code, (excluded.get(each.code) ?? 0) + each.count);
  }
  const sample = targets.flatMap((target) => target.sample).slice(0, SHOWN);
  return (
    <>
      {targets.length > 1 && (
        <ul className={styles.list}>
          {targets.map((each) => (
            <li key={each.tenantId} className={styles.tenant}>
              <span>{nameOf(each.tenantId)}</span>
              <span>{each.error ? NOTHING : formatNumber(each.count)}</span>
            </li>
          ))}
        </ul>
      )}
      {targets.map(
        ({ tenantId, error }) =>
          error && (
            <Text key={tenantId} className={styles.error}>
              {nameOf(tenantId)}: {error.message}
            </Text>
          ),
      )}
      {[...excluded].map(([code, number]) => (
        <Text key={code} size={200} className={styles.faint}>
          {formatCount(number, "user")} excluded: {labelOfCode(code)}
        </Text>
      ))}
      {sample.length > 0 && (
        <ul className={styles.list} aria-label="The first of them">
          {sample.map((user) => (
            <li key={user.id} className={styles.sample} title={user.userPrincipalName}>
              <Text className={styles.name}>{user.displayName}</Text>
              <Text size={200} className={styles.name}>
                {user.userPrincipalName}
              </Text>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
