import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { answer, api, BASE } from "./client";
import { licencesQuery } from "./directory";
import { tenantsQuery } from "./queries";
import type { Tenant, TenantFields } from "./types";

export const tenantQuery = (tenant: string) =>
  queryOptions({
    queryKey: ["tenant", tenant],
    queryFn: ({ signal }) => answer(api.GET(`${BASE}/tenants/{tenant}`, { params: { path: { tenant } }, signal })),
  });

/** Registers a tenant by its id or a domain, or changes it; what `fields` lack stays as it is. */
export async function putTenant(tenant: string, fields: TenantFields): Promise<{ tenant: Tenant; isNew: boolean }> {
  const asked = await api.PUT(`${BASE}/tenants/{tenant}`, { params: { path: { tenant } }, body: fields });
  return { tenant: await answer(Promise.resolve(asked)), isNew: asked.response.status === 201 };
}

/** Lets all views know what a tenant has become. */
export function noteTenant(client: QueryClient, tenant: Tenant): void {
  client.setQueryData(tenantQuery(tenant.tenantId).queryKey, tenant);
  void client.invalidateQueries({ queryKey: licencesQuery(tenant.tenantId).queryKey });
  void client.invalidateQueries({ queryKey: tenantsQuery().queryKey });
}

export function deleteTenant(tenant: string) {
  return answer(api.DELETE(`${BASE}/tenants/{tenant}`, { params: { path: { tenant } } }));
}

/** A link for the tenant's administrator; the one before it is worth nothing any more. */
export function askConsent(tenant: string) {
  return answer(api.POST(`${BASE}/tenants/{tenant}/consent`, { params: { path: { tenant } } }));
}
