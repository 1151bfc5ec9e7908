import { Button, Text } from "@fluentui/react-components";
import { ShieldCheckmarkRegular } from "@fluentui/react-icons/svg/shield-checkmark";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { auditedTenantsQuery, chainQuery } from "../../api/audit";
import { asProblem } from "../../api/problem";
import type { AuditedTenant } from "../../api/types";
import { Breakable } from "../../components/Breakable";
import { type Column, DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { QueryState } from "../../components/QueryState";
import { RouterLink } from "../../components/RouterLink";
import { SectionCard } from "../../components/SectionCard";
import { useTenantNames } from "../../components/useTenantNames";
import { NOTHING } from "../../format/format";
import { ChainBadge, sentenceOf, useChain } from "./Chain";

/** The chains of all tenants, and whether they are what was recorded. */
export function Verification() {
  const client = useQueryClient();
  const tenants = useQuery(auditedTenantsQuery());
  const checkingAll = useMutation({
    // One after another: each reads a whole chain. What is refused is said in its row.
    mutationFn: async (ids: readonly string[]) => {
      for (const id of ids) {
        await client.fetchInfiniteQuery({ ...chainQuery(id), staleTime: 0 }).catch(() => undefined);
      }
    },
  });
  const rows = tenants.data;
  return (
    <SectionCard
      title="Is the audit what was recorded?"
      actions={
        rows &&
        rows.length > 0 && (
          <Button
            appearance="primary"
            icon={<ShieldCheckmarkRegular />}
            disabled={checkingAll.isPending}
            onClick={() => checkingAll.mutate(rows.map((each) => each.tenantId))}
          >
            {checkingAll.isPending ? "Checking …" : "Check all"}
          </Button>
        )
      }
    >
      <QueryState query={tenants} what="the tenants" />
      {rows?.length === 0 && <Empty title="No tenant has an audit yet" />}
      {rows && rows.length > 0 && <ChainsTable rows={rows} />}
    </SectionCard>
  );
}

function ChainsTable({ rows }: { rows: readonly AuditedTenant[] }) {
  const nameOf = useTenantNames();
  const columns: readonly Column<AuditedTenant>[] = [
    {
      id: "tenant",
      header: "Tenant",
      cell: ({ tenantId }) => <RouterLink to={`/audit?tenant=${tenantId}`}>{nameOf(tenantId)}</RouterLink>,
      width: "150px",
    },
    { id: "domain", header: "Domain", cell: (row) => <Breakable text={domainOf(row)} />, width: "180px" },
    { id: "state", header: "State", cell: ({ tenantId }) => <ChainBadge tenant={tenantId} /> },
    { id: "found", header: "Found", cell: ({ tenantId }) => <Found tenant={tenantId} />, width: "220px" },
    { id: "check", header: "Check", cell: ({ tenantId }) => <Check tenant={tenantId} name={nameOf(tenantId)} /> },
  ];
  return <DataTable label="Chains" columns={columns} rows={rows} keyOf={(row) => row.tenantId} />;
}

/** Before a tenant has consented nobody knows a domain of it, and its id stands for one. */
function domainOf({ tenantId, domain }: AuditedTenant): string {
  if (domain === null) return "Not registered any more";
  return domain === tenantId ? NOTHING : domain;
}

function Found({ tenant }: { tenant: string }) {
  const { chain, error, isChecking } = useChain(tenant);
  return <Text>{error ? asProblem(error).detail : sentenceOf(chain, isChecking)}</Text>;
}

function Check({ tenant, name }: { tenant: string; name: string }) {
  const { isChecking, check } = useChain(tenant);
  return (
    <Button size="small" disabled={isChecking} aria-label={`Check ${name}`} onClick={check}>
      Check
    </Button>
  );
}
