import type { Selection } from "../../api/directory";
import { formatCount, formatList, formatNumber } from "../../format/format";

/** What a schedule has stored to be done; its kind of operation says which of these there are. */
export interface StoredRequest {
  targets?: { tenant: string; users: Selection }[];
  licenses?: "all" | { sku: string }[];
  add?: { sku: string }[];
  swap?: { from: string; to: string }[];
  transfers?: { from: string | string[]; to: string }[];
  previewId?: string;
}

/** The name of a tenant or SKU that stands as its id. */
type NameOf = (id: string) => string;

const SHOWN = 3;

/** Which tenants a target means. */
export function tenantOf(tenant: string, nameOf: NameOf): string {
  if (tenant === "*") return "All enabled tenants";
  return tenant.startsWith("tag:") ? `Tenants tagged ${tenant.slice("tag:".length)}` : nameOf(tenant);
}

/** The first tenant that is named as itself, whose licences can be looked up. */
export function oneTenantOf({ targets = [] }: StoredRequest): string | undefined {
  return targets.map((each) => each.tenant).find((tenant) => tenant !== "*" && !tenant.startsWith("tag:"));
}

/** Whose licences are changed, in words. */
export function usersOf({ group, filter, licensed, csv, users }: Selection): string {
  if (group)
    return `Members of ${group.displayName ?? group.id}${group.nested === false ? ", without those of groups in it" : ""}`;
  if (users) {
    const named = formatList(users.slice(0, SHOWN));
    return users.length > SHOWN ? `${named} and ${formatCount(users.length - SHOWN, "other")}` : named;
  }
  if (csv) return `The rows of a CSV (${formatNumber(csv.trim().split("\n").length - 1)})`;
  const holding = licensed === "none" ? "without a licence" : licensed ? `with ${licensed}` : "";
  return [filter ? `Users where ${filter}` : "Users", holding].filter(Boolean).join(", ");
}

/** What is done to them, a line each. */
export function changesOf(request: StoredRequest, nameOf: NameOf): string[] {
  const { licenses, add = [], swap = [], transfers = [] } = request;
  const named = licenses === "all" ? ["All direct licences"] : (licenses ?? []).map((each) => nameOf(each.sku));
  return [
    ...named,
    ...add.map((each) => `${nameOf(each.sku)} in addition`),
    ...swap.map((each) => `${nameOf(each.from)} to ${nameOf(each.to)}`),
    ...transfers.map((each) => `${formatList([each.from].flat().map(nameOf))} to ${nameOf(each.to)}`),
  ];
}
