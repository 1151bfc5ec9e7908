import { useSuspenseQuery } from "@tanstack/react-query";
import { nameOfTenant, tenantsQuery } from "../api/queries";
import type { Tenant } from "../api/types";
import { useDraft } from "./DraftContext";
import { EVERY_TENANT, isWide, TAG } from "./draft/model";

interface Scope {
  /** All tenants that may be chosen. */
  enabled: Tenant[];
  /** Those that the draft means, as far as it is known today. */
  meant: Tenant[];
  /** Whether some of them are meant by a tag or as all, and may be others tomorrow. */
  wide: boolean;
  nameOf: (entry: string) => string;
}

/** The tenants of the draft. */
export function useScope(): Scope {
  const { draft } = useDraft();
  const tenants = useSuspenseQuery(tenantsQuery()).data;
  const enabled = tenants.filter((tenant) => tenant.enabled);
  const meant = enabled.filter(({ tenantId, tags }) =>
    draft.scope.some((each) => each === EVERY_TENANT || each === tenantId || tags.some((tag) => each === TAG + tag)),
  );

  function nameOf(entry: string): string {
    if (entry === EVERY_TENANT) return "All tenants";
    if (entry.startsWith(TAG)) return `Tag ${entry.slice(TAG.length)}`;
    const tenant = tenants.find(({ tenantId }) => tenantId === entry);
    return tenant ? nameOfTenant(tenant) : entry;
  }

  return { enabled, meant, wide: draft.scope.some(isWide), nameOf };
}
