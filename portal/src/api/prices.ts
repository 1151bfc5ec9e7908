import { queryOptions } from "@tanstack/react-query";
import { answer, api, BASE } from "./client";
import type { PriceBook, Prices } from "./types";

export const PRICES = ["prices"] as const;

/** The default price book and those of tenants. */
export const pricesQuery = () =>
  queryOptions({
    queryKey: PRICES,
    queryFn: ({ signal }) => answer(api.GET(`${BASE}/prices`, { signal })),
  });

/** Puts a book in place of the default one (`tenant` null) or of a tenant's; null takes the tenant's own away. */
export function putBook(before: Prices, tenant: string | null, book: PriceBook | null) {
  if (tenant === null) return answer(api.PUT(`${BASE}/prices`, { body: { default: book } }));
  // The API takes the books of all tenants together.
  const { [tenant]: _, ...others } = before.tenants;
  const tenants = book === null ? others : { ...others, [tenant]: book };
  return answer(api.PUT(`${BASE}/prices`, { body: { tenants } }));
}
