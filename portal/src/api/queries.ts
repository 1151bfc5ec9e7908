import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api, BASE, cursorOf } from "./client";
import type { OperationKind, OperationStatus, Page, Tenant } from "./types";

/** Milliseconds between looks at what moves. */
export const LIVE_MS = 2_000;
const LISTED = 50;

export const ME = ["me"] as const;

/** Who is signed in. */
export const meQuery = () =>
  queryOptions({
    queryKey: ME,
    queryFn: ({ signal }) => answer(api.GET(`${BASE}/me`, { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** All tenants that the caller sees, by display name. */
export const tenantsQuery = () =>
  queryOptions({
    queryKey: ["tenants"],
    queryFn: async ({ signal }) => {
      const found = await everyPage((cursor) =>
        answer(api.GET(`${BASE}/tenants`, { params: { query: { top: 1000, ...cursor } }, signal })),
      );
      return found.sort((one, other) => nameOfTenant(one).localeCompare(nameOfTenant(other)));
    },
    staleTime: 60_000,
  });

/** What a tenant is called on the page. */
export function nameOfTenant(tenant: Tenant): string {
  return tenant.displayName || tenant.domains[0] || tenant.tenantId;
}

export interface OperationFilter {
  tenant?: string;
  status?: OperationStatus;
  type?: OperationKind;
}

/** Operations, newest first, page by page. */
export const operationsQuery = (filter: OperationFilter) =>
  infiniteQueryOptions({
    queryKey: ["operations", filter],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET(`${BASE}/operations`, {
          params: { query: { top: LISTED, ...filter, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => cursorOf(page.nextLink),
  });

/** All entries of a list, page by page. */
export async function everyPage<T>(ask: (cursor: { cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask(cursor === undefined ? {} : { cursor });
    found.push(...page.value);
    cursor = cursorOf(page.nextLink);
  } while (cursor !== undefined);
  return found;
}
