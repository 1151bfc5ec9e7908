import { Button, Field, makeStyles, SearchBox, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { nameOfTenant, tenantsQuery } from "../../api/queries";
import type { Tenant } from "../../api/types";
import { useMay } from "../../app/role";
import { Breakable } from "../../components/Breakable";
import { type Column, DataTable } from "../../components/DataTable";
import { Empty } from "../../components/Empty";
import { PageHeader } from "../../components/PageHeader";
import { QueryState } from "../../components/QueryState";
import { RouterLink } from "../../components/RouterLink";
import { useSearch } from "../../components/useSearch";
import { formatList, NOTHING } from "../../format/format";
import { ConsentBadge, EnabledBadge, Tags } from "./badges";

const useStyles = makeStyles({
  search: { maxWidth: "360px", marginBottom: tokens.spacingVerticalL },
});

/** The tenants that the app may act on. */
export function TenantsPage() {
  const styles = useStyles();
  const navigate = useNavigate();
  const mayAdminister = useMay("BulkLicenses.Admin");
  const [get, set] = useSearch();
  const wanted = get("q") ?? "";
  const tenants = useQuery(tenantsQuery());
  const rows = tenants.data?.filter((tenant) => matches(tenant, wanted));

  return (
    <>
      <PageHeader
        title="Tenants"
        about="The tenants whose licences this app may change, and whether it can read them."
        actions={
          mayAdminister && (
            <Button appearance="primary" icon={<AddRegular />} onClick={() => void navigate("/tenants/new")}>
              Add a tenant
            </Button>
          )
        }
      />
      <Field label="Name, domain or tag" className={styles.search}>
        <SearchBox value={wanted} onChange={(_, data) => set("q", data.value)} />
      </Field>
      <QueryState query={tenants} what="tenants" />
      {rows?.length === 0 && (
        <Empty title={wanted ? "No tenant has this name, domain or tag" : "No tenant is registered yet"}>
          {!wanted && mayAdminister && "Add one by its id or a domain; then its administrator consents."}
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <DataTable label="Tenants" columns={COLUMNS} rows={rows} keyOf={(row) => row.tenantId} />
      )}
    </>
  );
}

const COLUMNS: readonly Column<Tenant>[] = [
  {
    id: "name",
    header: "Tenant",
    cell: (row) => <RouterLink to={`/tenants/${row.tenantId}`}>{nameOfTenant(row)}</RouterLink>,
    width: "160px",
  },
  {
    id: "domains",
    header: "Domains",
    cell: (row) => <Breakable text={formatList(row.domains) || NOTHING} />,
    width: "200px",
  },
  { id: "consent", header: "Consent", cell: (row) => <ConsentBadge consent={row.consent} /> },
  { id: "enabled", header: "Operations", cell: (row) => <EnabledBadge enabled={row.enabled} /> },
  { id: "tags", header: "Tags", cell: (row) => <Tags tags={row.tags} />, width: "90px" },
  { id: "id", header: "Tenant id", cell: (row) => row.tenantId, width: "180px" },
];

function matches({ tenantId, displayName, domains, tags }: Tenant, wanted: string): boolean {
  const sought = wanted.trim().toLowerCase();
  return [tenantId, displayName, ...domains, ...tags].some((text) => text.toLowerCase().includes(sought));
}
