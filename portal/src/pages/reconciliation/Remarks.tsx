import { MessageBar, MessageBarBody, MessageBarTitle, makeStyles } from "@fluentui/react-components";
import type { ReconciliationRow } from "../../api/types";
import { useTenantNames } from "../../components/useTenantNames";
import { formatChange, formatCount, formatNumber } from "../../format/format";

const useStyles = makeStyles({
  list: { margin: 0, paddingLeft: "20px" },
  body: { overflowWrap: "anywhere" },
});

/** Named at once; more of them stand in the table. */
const SHOWN = 8;

/** Tenants that could not be read just now: what they have stands in no sum. */
export function Unread({ rows }: { rows: readonly ReconciliationRow[] }) {
  const styles = useStyles();
  const nameOf = useTenantNames();
  const why = new Map(rows.flatMap((row) => (row.error ? [[row.tenantId, row.error.message] as const] : [])));
  if (why.size === 0) return null;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody className={styles.body}>
        <MessageBarTitle>{formatCount(why.size, "tenant")} could not be read now</MessageBarTitle>
        <Lines lines={[...why].map(([tenant, message]) => `${nameOf(tenant)}: ${message}`)} />
      </MessageBarBody>
    </MessageBar>
  );
}

/** What Microsoft counts and no audit entry explains: somebody changed licences elsewhere. */
export function Differences({ rows }: { rows: readonly ReconciliationRow[] }) {
  const styles = useStyles();
  const nameOf = useTenantNames();
  const unexplained = rows.filter((row) => row.unexplained);
  if (unexplained.length === 0) return null;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody className={styles.body}>
        <MessageBarTitle>Seats that no audit entry explains</MessageBarTitle>
        They were taken or given back elsewhere: in the admin centre, by a group, or by a script.
        <Lines
          lines={unexplained.map((row) => `${nameOf(row.tenantId)}, ${row.sku}: ${formatChange(row.unexplained ?? 0)}`)}
        />
      </MessageBarBody>
    </MessageBar>
  );
}

function Lines({ lines }: { lines: readonly string[] }) {
  const styles = useStyles();
  return (
    <ul className={styles.list}>
      {lines.slice(0, SHOWN).map((line) => (
        <li key={line}>{line}</li>
      ))}
      {lines.length > SHOWN && <li>and {formatNumber(lines.length - SHOWN)} more</li>}
    </ul>
  );
}
