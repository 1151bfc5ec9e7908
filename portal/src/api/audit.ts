import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api, BASE, cursorOf, pageOf } from "./client";
import { PREFER_LINK } from "./csv";
import { everyPage } from "./queries";

const LISTED = 100;

export interface AuditFilter {
  tenant?: string;
  /** First and last day, in the user's time zone. */
  from?: string;
  to?: string;
  operation?: string;
  user?: string;
  actor?: string;
}

/** Entries in the order in which they were recorded, tenant by tenant and page by page. */
export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", "entries", filter],
    queryFn: ({ pageParam, signal }) =>
      pageOf(
        api.GET(`${BASE}/audit`, {
          params: { query: { top: LISTED, ...asked(filter), ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => cursorOf(page.nextLink),
  });

/** The same entries, all of them, as CSV. */
export function auditCsv(filter: AuditFilter) {
  return api.GET(`${BASE}/audit`, {
    params: { header: PREFER_LINK, query: { ...asked(filter), format: "csv" } },
    parseAs: "blob",
  });
}

/** The tenants that have an audit: also those that left the registry. */
export const auditedTenantsQuery = () =>
  queryOptions({
    queryKey: ["audit", "tenants"],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        answer(api.GET(`${BASE}/audit/tenants`, { params: { query: { top: 1000, ...cursor } }, signal })),
      ),
    staleTime: 60_000,
  });

/** The check of a tenant's chain, in as many parts as it takes; nobody asks before the user does. */
export const chainQuery = (tenant: string) =>
  infiniteQueryOptions({
    queryKey: ["audit", "chain", tenant],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET(`${BASE}/audit/verify`, {
          params: { query: { tenant, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (part) => cursorOf(part.nextLink ?? null),
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
  });

function asked({ from, to, ...rest }: AuditFilter): AuditFilter {
  return { ...rest, ...(from && { from: startOf(from, 0) }), ...(to && { to: startOf(to, 1) }) };
}

/** The moment at which a day begins for the user, so many days on; what is no day is left to the API to refuse. */
function startOf(text: string, daysOn: number): string {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (day === null) return text;
  const [, year, month, date] = day;
  return new Date(Number(year), Number(month) - 1, Number(date) + daysOn).toISOString();
}
