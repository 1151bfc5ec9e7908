import { makeStyles, ProgressBar, Text, tokens } from "@fluentui/react-components";
import { useMemo } from "react";
import type { TenantPart } from "../../api/operation";
import type { Operation } from "../../api/types";
import { labelOfCode } from "../../components/codes";
import { type Column, DataTable } from "../../components/DataTable";
import { SectionCard } from "../../components/SectionCard";
import { StatusBadge } from "../../components/StatusBadge";
import { formatCount, formatNumber, formatPercent, NOTHING } from "../../format/format";
import { PHASES } from "./phases";

const useStyles = makeStyles({
  cell: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalXXS },
  faint: { color: tokens.colorNeutralForeground3 },
});

interface TenantsTableProps {
  operation: Operation;
  nameOf: (tenantId: string) => string;
}

/** Each tenant's part: where it stands, and why it stopped where it did. */
export function TenantsTable({ operation, nameOf }: TenantsTableProps) {
  const stopped = operation.tenants.some(({ error }) => error !== null);
  const columns = useMemo(() => columnsOf(nameOf, stopped), [nameOf, stopped]);
  return (
    <SectionCard title="Tenants">
      <DataTable
        label="How it goes in each tenant"
        columns={columns}
        rows={operation.tenants}
        keyOf={(row) => row.tenantId}
      />
    </SectionCard>
  );
}

function columnsOf(nameOf: (tenantId: string) => string, stopped: boolean): Column<TenantPart>[] {
  return [
    {
      id: "tenant",
      header: "Tenant",
      cell: (row) => <Names name={nameOf(row.tenantId)} domain={row.domain} />,
      width: "190px",
    },
    { id: "status", header: "Status", cell: (row) => <StatusBadge status={row.status} /> },
    { id: "progress", header: "Progress", cell: (row) => <Part row={row} />, width: "240px" },
    { id: "failed", header: "Failed", cell: (row) => formatNumber(row.progress.failed), align: "end" },
    { id: "skipped", header: "Skipped", cell: (row) => formatNumber(row.progress.skipped), align: "end" },
    ...(stopped
      ? [{ id: "error", header: "Error", cell: (row: TenantPart) => <Stopped row={row} />, width: "220px" }]
      : []),
  ];
}

function Names({ name, domain }: { name: string; domain: string }) {
  const styles = useStyles();
  return (
    <div className={styles.cell}>
      <span>{name}</span>
      <Text size={200} className={styles.faint}>
        {domain}
      </Text>
    </div>
  );
}

function Part({ row }: { row: TenantPart }) {
  const styles = useStyles();
  const { total, pending, percent } = row.progress;
  const out = excludedOf(row);
  return (
    <div className={styles.cell}>
      <Text size={200}>
        {total === 0
          ? PHASES[row.phase]
          : `${formatNumber(total - pending)} of ${formatCount(total, "user")} (${formatPercent(percent)})`}
      </Text>
      {total > 0 && <ProgressBar value={percent / 100} aria-label="Users of the tenant done" />}
      {out && (
        <Text size={200} className={styles.faint}>
          Excluded: {out}
        </Text>
      )}
    </div>
  );
}

function excludedOf({ excluded }: TenantPart): string {
  const some = excluded.filter(({ count }) => count > 0);
  return some.map(({ code, count }) => `${labelOfCode(code)}: ${formatNumber(count)}`).join(", ");
}

function Stopped({ row: { error } }: { row: TenantPart }) {
  const styles = useStyles();
  if (error === null) return NOTHING;
  return (
    <div className={styles.cell}>
      <Text weight="semibold">{labelOfCode(error.code)}</Text>
      <Text size={200}>{error.message}</Text>
    </div>
  );
}
