import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { ArrowSyncRegular } from "@fluentui/react-icons/svg/arrow-sync";
import { DeleteRegular } from "@fluentui/react-icons/svg/delete";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate, useNavigate, useParams } from "react-router";
import { nameOfTenant, tenantsQuery } from "../../api/queries";
import { deleteTenant, noteTenant, putTenant, tenantQuery } from "../../api/tenants";
import type { Tenant } from "../../api/types";
import { useMay } from "../../app/role";
import { ConfirmButton } from "../../components/ConfirmButton";
import { Facts } from "../../components/Facts";
import { PageHeader } from "../../components/PageHeader";
import { ViewState } from "../../components/QueryState";
import { RouterLink } from "../../components/RouterLink";
import { SectionCard } from "../../components/SectionCard";
import { useToast } from "../../components/useToast";
import { KINDS } from "../../components/words";
import { formatList, NOTHING } from "../../format/format";
import { ConsentBadge, EnabledBadge, Tags } from "./badges";
import { ConsentCard } from "./ConsentCard";
import { DROPS } from "./draft";
import { Licences } from "./Licences";
import { TenantForm } from "./TenantForm";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  links: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM },
  columns: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 400px), 1fr))",
    gap: tokens.spacingHorizontalL,
  },
});

const LIST = { path: "/tenants", label: "Tenants" };

/** One tenant: what the app knows of it, its consent, its settings and its licences. */
export function TenantPage() {
  const { id = "" } = useParams();
  const found = useQuery(tenantQuery(id));
  if (found.data === undefined) return <ViewState query={found} title="Tenant" list={LIST} what="the tenant" />;
  // A link may name one of its domains.
  if (id !== found.data.tenantId) return <Navigate to={`/tenants/${found.data.tenantId}`} replace />;
  return <Known key={id} tenant={found.data} />;
}

function Known({ tenant }: { tenant: Tenant }) {
  const styles = useStyles();
  const mayAdminister = useMay("BulkLicenses.Admin");
  const name = nameOfTenant(tenant);
  return (
    <>
      <PageHeader
        title={name}
        list={LIST}
        about={name !== tenant.tenantId && tenant.tenantId}
        actions={mayAdminister && <Actions tenant={tenant} />}
      />
      <div className={styles.root}>
        <div className={styles.columns}>
          <SectionCard title="Overview">
            <Facts
              facts={[
                ["Domains", formatList(tenant.domains) || NOTHING],
                ["Consent", <ConsentBadge key="consent" consent={tenant.consent} />],
                ["Operations", <EnabledBadge key="enabled" enabled={tenant.enabled} />],
                ["Tags", <Tags key="tags" tags={tenant.tags} />],
                ...(mayAdminister ? [] : settingsOf(tenant)),
                ["See also", <SeeAlso key="also" tenantId={tenant.tenantId} />],
              ]}
            />
          </SectionCard>
          {mayAdminister && <ConsentCard tenant={tenant} />}
        </div>
        {mayAdminister && <TenantForm tenant={tenant} />}
        {tenant.consent === "granted" && (
          <SectionCard title="Licences">
            <Licences tenant={tenant.tenantId} />
          </SectionCard>
        )}
      </div>
    </>
  );
}

/** Where else the page tells of the tenant. */
function SeeAlso({ tenantId }: { tenantId: string }) {
  const styles = useStyles();
  return (
    <span className={styles.links}>
      <RouterLink to={`/operations?tenant=${tenantId}`}>Operations</RouterLink>
      <RouterLink to={`/audit?tenant=${tenantId}`}>Audit</RouterLink>
      <RouterLink to={`/reconciliation?tenant=${tenantId}`}>Reconciliation</RouterLink>
      <RouterLink to={`/prices?tenant=${tenantId}`}>Prices</RouterLink>
    </span>
  );
}

/** What an administrator has in a form. */
function settingsOf(tenant: Tenant): [string, string][] {
  const drops = DROPS.filter((drop) => tenant.drops.includes(drop)).map((drop) => KINDS[drop]);
  return [
    ["Default usage location", tenant.defaultUsageLocation ?? NOTHING],
    ["Protected users", formatList(tenant.protectedUsers) || NOTHING],
    ["Files may start", formatList(drops) || NOTHING],
    ["Notified", tenant.notify?.url ?? NOTHING],
  ];
}

function Actions({ tenant }: { tenant: Tenant }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const toast = useToast();
  const name = nameOfTenant(tenant);
  const reading = useMutation({
    mutationFn: () => putTenant(tenant.tenantId, {}),
    onSuccess({ tenant: read }) {
      noteTenant(client, read);
      toast.done(read.consent === "granted" ? "Its directory was read" : "There is still no consent");
    },
    onError: (error) => toast.refused("Its directory could not be read", error),
  });

  async function remove() {
    await deleteTenant(tenant.tenantId);
    toast.done(`${name} was deleted`);
    await client.invalidateQueries({ queryKey: tenantsQuery().queryKey });
    void navigate("/tenants");
    client.removeQueries({ queryKey: ["tenant", tenant.tenantId] });
  }

  return (
    <>
      <Button icon={<ArrowSyncRegular />} disabled={reading.isPending} onClick={() => reading.mutate()}>
        {reading.isPending ? "Reading …" : "Refresh"}
      </Button>
      <ConfirmButton
        label="Delete"
        icon={<DeleteRegular />}
        title={`Delete ${name}?`}
        confirm="Delete"
        typed={tenant.domains[0] ?? tenant.tenantId}
        onConfirm={remove}
      >
        The app forgets the tenant and its settings, and starts nothing in it any more. Its operations and its audit
        stay, and the consent stays given until an administrator of the tenant withdraws it.
      </ConfirmButton>
    </>
  );
}
