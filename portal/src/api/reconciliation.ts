import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, BASE, cursorOf, pageOf } from "./client";
import { PREFER_LINK } from "./csv";

const LISTED = 500;

export interface ReconciliationFilter {
  month: string;
  tenant?: string;
}

/** A month's rows, tenant by tenant and page by page; each page is read from the tenants themselves. */
export const reconciliationQuery = (filter: ReconciliationFilter) =>
  infiniteQueryOptions({
    queryKey: ["reconciliation", filter],
    queryFn: ({ pageParam, signal }) =>
      pageOf(
        api.GET(`${BASE}/reconciliation`, {
          params: { query: { top: LISTED, ...filter, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => cursorOf(page.nextLink),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });

/** The same rows, all of them, as CSV. */
export function reconciliationCsv(filter: ReconciliationFilter) {
  return api.GET(`${BASE}/reconciliation`, {
    params: { header: PREFER_LINK, query: { ...filter, format: "csv" } },
    parseAs: "blob",
  });
}
