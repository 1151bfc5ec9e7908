import { differing } from "../../api/differing";
import type { Tenant, TenantFields } from "../../api/types";

type Drop = NonNullable<TenantFields["drops"]>[number];
type Event = NonNullable<NonNullable<TenantFields["notify"]>["on"]>[number];

export const DROPS: readonly Drop[] = ["assign", "remove", "modify", "transfer"];
export const EVENTS: Record<Event, string> = {
  halted: "halts",
  awaitingApproval: "awaits an approval",
  completed: "ends",
};

/** A tenant's fields as they are typed in: lists as text. */
export interface Draft {
  enabled: boolean;
  tags: string;
  credential: string;
  defaultUsageLocation: string;
  protectedUsers: string;
  drops: readonly Drop[];
  notifyUrl: string;
  notifyOn: readonly Event[];
}

export const NEW: Draft = {
  enabled: true,
  tags: "",
  credential: "default",
  defaultUsageLocation: "",
  protectedUsers: "",
  drops: [],
  notifyUrl: "",
  notifyOn: [],
};

export function draftOf(tenant: Tenant): Draft {
  return {
    enabled: tenant.enabled,
    tags: tenant.tags.join(", "),
    credential: tenant.credential,
    defaultUsageLocation: tenant.defaultUsageLocation ?? "",
    protectedUsers: tenant.protectedUsers.join("\n"),
    drops: DROPS.filter((drop) => tenant.drops.includes(drop)),
    notifyUrl: tenant.notify?.url ?? "",
    notifyOn: tenant.notify?.on ?? [],
  };
}

/** What of a draft differs from what it began with: all else stays as others may have changed it meanwhile. */
export function changesOf(draft: Draft, before: Draft): TenantFields {
  return differing(fieldsOf(draft), fieldsOf(before));
}

function fieldsOf(draft: Draft): TenantFields {
  const url = draft.notifyUrl.trim();
  return {
    enabled: draft.enabled,
    tags: draft.tags.split(",").map(trimmed).filter(Boolean),
    credential: draft.credential.trim(),
    defaultUsageLocation: draft.defaultUsageLocation.trim().toUpperCase() || null,
    protectedUsers: draft.protectedUsers.split("\n").map(trimmed).filter(Boolean),
    drops: [...draft.drops],
    notify: url === "" ? null : { url, on: [...draft.notifyOn] },
  };
}

function trimmed(text: string): string {
  return text.trim();
}
