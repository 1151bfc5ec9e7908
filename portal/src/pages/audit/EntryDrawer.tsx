import {
  Button,
  DrawerBody,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  OverlayDrawer,
  Text,
  tokens,
} from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons/svg/dismiss";
import type { AuditEntry, HeldLicence } from "../../api/types";
import { Breakable } from "../../components/Breakable";
import { type Column, DataTable } from "../../components/DataTable";
import { Facts } from "../../components/Facts";
import { RouterLink } from "../../components/RouterLink";
import { useTenantNames } from "../../components/useTenantNames";
import { formatChange, formatDateTime, formatMoney, formatNumber, NOTHING } from "../../format/format";
import { type Difference, differencesOf } from "./difference";

const useStyles = makeStyles({
  body: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalXL, paddingBottom: "24px" },
  hash: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, overflowWrap: "anywhere" },
});

interface EntryDrawerProps {
  entry: AuditEntry | null;
  onClose: () => void;
}

/** One entry in full: what the user held before and after, and what else was recorded. */
export function EntryDrawer({ entry, onClose }: EntryDrawerProps) {
  return (
    <OverlayDrawer
      open={entry !== null}
      position="end"
      size="medium"
      onOpenChange={(_, data) => {
        if (!data.open) onClose();
      }}
    >
      <DrawerHeader>
        <DrawerHeaderTitle
          action={<Button appearance="subtle" aria-label="Close" icon={<DismissRegular />} onClick={onClose} />}
        >
          {entry ? `Entry ${entry.sequence}` : ""}
        </DrawerHeaderTitle>
      </DrawerHeader>
      {entry && <Body entry={entry} />}
    </OverlayDrawer>
  );
}

const LABELS: Record<Difference["kind"], string> = {
  added: "Added",
  removed: "Removed",
  changed: "Changed",
  same: "As before",
};

const COLUMNS: readonly Column<Difference>[] = [
  { id: "sku", header: "Licence", cell: (row) => (row.inherited ? `${row.sku} (from a group)` : row.sku) },
  { id: "before", header: "Before", cell: (row) => heldAs(row.before) },
  { id: "after", header: "After", cell: (row) => heldAs(row.after) },
  {
    id: "kind",
    header: "Change",
    cell: (row) => <Text weight={row.kind === "same" ? "regular" : "semibold"}>{LABELS[row.kind]}</Text>,
  },
];

function heldAs(licence: HeldLicence | null): string {
  if (licence === null) return "Not held";
  return licence.disabledPlans.length === 0 ? "All service plans" : `Without ${licence.disabledPlans.join(", ")}`;
}

function Body({ entry }: { entry: AuditEntry }) {
  const styles = useStyles();
  const nameOf = useTenantNames();
  const { before, after, seatChange, price, currency } = entry;
  const seats = Object.entries(seatChange).map(([sku, change]) => `${sku} ${formatChange(change)}`);
  const prices = Object.entries(price).map(([sku, amount]) =>
    currency === null ? `${sku} ${formatNumber(amount)}` : `${sku} ${formatMoney(amount, currency)}`,
  );
  return (
    <DrawerBody>
      <div className={styles.body}>
        <Facts
          facts={[
            ["User", <Breakable key="user" text={entry.userPrincipalName} />],
            ["Tenant", nameOf(entry.tenantId)],
            ["When", formatDateTime(entry.at)],
            ["By", entry.actor.name],
            ["Reason", entry.reason ?? NOTHING],
            ["Usage location", usageLocations(before.usageLocation, after.usageLocation)],
          ]}
        />
        <DataTable
          label="Licences before and after"
          columns={COLUMNS}
          rows={differencesOf(entry)}
          keyOf={(row) => `${row.sku}|${row.inherited}`}
        />
        <Facts
          facts={[
            ["Seats", seats.join(", ") || "Unchanged"],
            ["Monthly price of a seat", prices.join(", ") || NOTHING],
            [
              "Operation",
              <RouterLink key="operation" to={`/operations/${entry.operationId}`}>
                {entry.operationId}
              </RouterLink>,
            ],
            ["User id", entry.userId],
            ["Actor id", entry.actor.id],
            ["Request id of Graph", entry.requestId ?? NOTHING],
            ["Hash", <Hash key="hash" text={entry.hash} />],
            ["Hash of the entry before", <Hash key="previous" text={entry.previousHash} />],
          ]}
        />
      </div>
    </DrawerBody>
  );
}

function Hash({ text }: { text: string }) {
  return <span className={useStyles().hash}>{text}</span>;
}

function usageLocations(before: string | null, after: string | null): string {
  return before === after ? (after ?? NOTHING) : `${before ?? "none"} before, ${after ?? "none"} after`;
}
