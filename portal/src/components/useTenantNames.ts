import { useSuspenseQuery } from "@tanstack/react-query";
import { nameOfTenant, tenantsQuery } from "../api/queries";

/** What tenants are called by their ids; one that is not registered (any more) by its id. */
export function useTenantNames(): (tenantId: string) => string {
  const tenants = useSuspenseQuery(tenantsQuery()).data;
  const names = new Map(tenants.map((each) => [each.tenantId, nameOfTenant(each)]));
  return (tenantId) => names.get(tenantId) ?? tenantId;
}
