import { useQueries } from "@tanstack/react-query";
import { licencesQuery, type TenantLicence } from "../api/directory";
import { useScope } from "./useScope";

/** A SKU over the tenants that are meant. */
export interface Offer {
  sku: string;
  name: string;
  available: number;
  /** Seats that can be given out, those in their last days included. */
  total: number;
  /** A seat a month, where it is the same in all tenants. */
  price: { amount: number; currency: string } | null;
  /** Tenants, of those that were asked, that subscribe to it. */
  tenants: number;
  plans: TenantLicence["servicePlans"];
}

/** Tenants that are asked for their licences at once. */
const ASKED = 20;

interface Offers {
  licences: Offer[];
  /** Tenants that were asked, and others that are meant too. */
  asked: number;
  left: number;
  pending: boolean;
  /** Why one of them could not be read; what it has stands in no offer. */
  error: unknown;
  /** Asks anew those that could not be read. */
  retry: () => void;
}

/** The licences of the tenants that are meant, by name. */
export function useLicences(): Offers {
  const { meant } = useScope();
  const tenants = meant.slice(0, ASKED);
  const found = useQueries({ queries: tenants.map(({ tenantId }) => licencesQuery(tenantId)) });
  const offers = new Map<string, Offer>();
  for (const licence of found.flatMap(({ data }) => data ?? [])) offers.set(licence.sku, merged(offers, licence));
  return {
    licences: [...offers.values()].sort((one, other) => one.name.localeCompare(other.name)),
    asked: tenants.length,
    left: meant.length - tenants.length,
    pending: found.some(({ isPending }) => isPending),
    error: found.find(({ error }) => error)?.error ?? null,
    retry() {
      for (const each of found) if (each.error) void each.refetch();
    },
  };
}

function merged(offers: ReadonlyMap<string, Offer>, licence: TenantLicence): Offer {
  const { sku, name, available, price, currency, servicePlans } = licence;
  const total = licence.total + licence.warning;
  const own = price === null || currency === null ? null : { amount: price, currency };
  const before = offers.get(sku);
  if (before === undefined) return { sku, name, available, total, price: own, tenants: 1, plans: servicePlans };
  const same = own && before.price && own.amount === before.price.amount && own.currency === before.price.currency;
  const known = new Set(before.plans.map((plan) => plan.name));
  return {
    ...before,
    available: before.available + available,
    total: before.total + total,
    price: same ? own : null,
    tenants: before.tenants + 1,
    plans: [...before.plans, ...servicePlans.filter((plan) => !known.has(plan.name))],
  };
}
