import type { AuditEntry, HeldLicence, RecordedState } from "../../api/types";
import { formatList } from "../../format/format";

/** A licence of a user before and after: null where it was not held. */
export interface Difference {
  sku: string;
  /** Whether it comes from a group. */
  inherited: boolean;
  before: HeldLicence | null;
  after: HeldLicence | null;
  kind: "added" | "removed" | "changed" | "same";
}

/** All licences of a user before and after, those that differ first. */
export function differencesOf({ before, after }: AuditEntry): Difference[] {
  const keys = new Set([...before.licenses, ...after.licenses].map(keyOf));
  const found = [...keys].map((key) => differenceOf(key, before, after));
  return found.sort((one, other) => Number(one.kind === "same") - Number(other.kind === "same"));
}

function differenceOf(key: string, before: RecordedState, after: RecordedState): Difference {
  const old = before.licenses.find((each) => keyOf(each) === key) ?? null;
  const now = after.licenses.find((each) => keyOf(each) === key) ?? null;
  const { sku, inherited } = (now ?? old) as HeldLicence;
  const kind = old === null ? "added" : now === null ? "removed" : plansOf(old) === plansOf(now) ? "same" : "changed";
  return { sku, inherited, before: old, after: now, kind };
}

function keyOf({ skuId, inherited }: HeldLicence): string {
  return `${skuId}|${inherited}`;
}

function plansOf({ disabledPlans }: HeldLicence): string {
  return [...disabledPlans].sort().join();
}

/** What an entry changed, a line each. */
export function linesOf(entry: AuditEntry): string[] {
  const { before, after } = entry;
  const lines = differencesOf(entry).flatMap((each) => {
    if (each.kind === "added") return [`${each.sku} added`];
    if (each.kind === "removed") return [`${each.sku} removed`];
    return each.kind === "changed" ? [`${each.sku}: ${planLines(each).join("; ")}`] : [];
  });
  if (before.usageLocation !== after.usageLocation) lines.push(`Usage location ${after.usageLocation ?? "cleared"}`);
  return lines;
}

function planLines({ before, after }: Difference): string[] {
  const old = before?.disabledPlans ?? [];
  const now = after?.disabledPlans ?? [];
  const off = now.filter((plan) => !old.includes(plan));
  const on = old.filter((plan) => !now.includes(plan));
  return [
    ...(off.length > 0 ? [`${formatList(off)} switched off`] : []),
    ...(on.length > 0 ? [`${formatList(on)} switched on`] : []),
  ];
}
