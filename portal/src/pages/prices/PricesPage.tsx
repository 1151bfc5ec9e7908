import { makeStyles, tokens } from "@fluentui/react-components";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { pricesQuery } from "../../api/prices";
import { nameOfTenant, tenantsQuery } from "../../api/queries";
import type { Prices, Tenant } from "../../api/types";
import { useMay } from "../../app/role";
import { Choice } from "../../components/Choice";
import { PageHeader } from "../../components/PageHeader";
import { QueryState } from "../../components/QueryState";
import { useSearch } from "../../components/useSearch";
import { BookEditor } from "./BookEditor";
import { BookTable } from "./BookTable";
import { NoBook } from "./NoBook";

const useStyles = makeStyles({ filters: { maxWidth: "360px", marginBottom: tokens.spacingVerticalL } });

/** What a seat costs a month: by default, and where a tenant has prices of its own. */
export function PricesPage() {
  const styles = useStyles();
  const [get, set] = useSearch();
  const tenants = useSuspenseQuery(tenantsQuery()).data;
  const told = get("tenant");
  // A link may name one of its domains.
  const tenant = tenants.find(({ domains }) => told && domains.includes(told))?.tenantId ?? told;
  const prices = useQuery(pricesQuery());
  return (
    <>
      <PageHeader
        title="Prices"
        about="What a seat costs a month. Previews, the audit and the reconciliation count with these prices; a tenant's own book replaces the default one."
      />
      <QueryState query={prices} what="the prices" />
      {prices.data && (
        <>
          <div className={styles.filters}>
            <BookChoice
              prices={prices.data}
              tenants={tenants}
              value={tenant}
              onChange={(value) => set("tenant", value)}
            />
          </div>
          <Book key={tenant ?? ""} prices={prices.data} tenant={tenant ?? null} />
        </>
      )}
    </>
  );
}

interface BookChoiceProps {
  prices: Prices;
  tenants: readonly Tenant[];
  value: string | undefined;
  onChange: (tenant: string | undefined) => void;
}

function BookChoice({ prices, tenants, value, onChange }: BookChoiceProps) {
  const registered = new Set(tenants.map((each) => each.tenantId));
  const gone = Object.keys(prices.tenants).filter((id) => !registered.has(id));
  const options = [
    ...tenants.map((each) => ({ value: each.tenantId, label: nameOfTenant(each) })),
    ...gone.map((id) => ({ value: id, label: id })),
  ];
  return (
    <Choice
      label="Price book"
      all="Default"
      value={value}
      options={options.map((each) =>
        each.value in prices.tenants ? { ...each, label: `${each.label} (own book)` } : each,
      )}
      onChange={onChange}
    />
  );
}

function Book({ prices, tenant }: { prices: Prices; tenant: string | null }) {
  const mayAdminister = useMay("BulkLicenses.Admin");
  const book = tenant === null ? prices.default : prices.tenants[tenant];
  if (book === undefined) return <NoBook prices={prices} tenant={tenant ?? ""} />;
  if (!mayAdminister) return <BookTable book={book} />;
  return <BookEditor prices={prices} tenant={tenant} book={book} />;
}
