import type { Selection, Target, Whom } from "../../api/directory";
import type { ExecuteBody, StartBody } from "../../api/operation";
import type { PreviewRequest } from "../../api/previews";
import type { components } from "../../api/schema";
import { hasColumn } from "./csv";
import { odataOf } from "./filter";
import {
  type Draft,
  type EditDraft,
  isWide,
  type LicenceDraft,
  type OptionsDraft,
  type SelectionDraft,
  type WhenDraft,
} from "./model";

/** The draft as the bodies of the API. */
type Schemas = components["schemas"];
/** The part of a draft that says whom it means. */
export type WhomDraft = Pick<Draft, "scope" | "people" | "excluding" | "excluded" | "guests" | "disabled">;
type Planned = Pick<Schemas["ExecuteOptions"], "canary" | "stopWhen" | "window">;

/** Whether the rows of the CSV name their tenants themselves. */
export function namesTenants({ scope, people }: Pick<Draft, "scope" | "people">): boolean {
  const one = scope.length === 1 && !scope.some(isWide);
  return people.by === "csv" && people.csv !== null && !one && hasColumn(people.csv, "Tenant");
}

/** Whether the rows of the CSV say what shall be done, so that nothing need be configured. */
export function namesSkus({ people }: Pick<Draft, "people">): boolean {
  return people.by === "csv" && people.csv !== null && hasColumn(people.csv, "LicenseSKU");
}

/** Whom the draft means; null while it means nobody. */
export function whomOf(draft: WhomDraft): Whom | null {
  if (namesTenants(draft) && draft.people.csv) return { csv: draft.people.csv.text };
  const targets = draft.scope.flatMap((tenant) => targetsOf(draft, tenant));
  return targets.length === 0 ? null : { targets };
}

/** The body that asks for a preview, of what would be done now; null while the draft means nobody. */
export function previewRequestOf(draft: Draft): PreviewRequest | null {
  const body = bodyOf({ ...draft, when: { ...draft.when, kind: "now" } });
  return body === null ? null : ({ operation: draft.kind, ...body } as PreviewRequest);
}

/** The body that does it without a preview, as scripts and recurring schedules do; null while the draft means nobody. */
export function bodyOf(draft: Draft): Exclude<StartBody, ExecuteBody> | null {
  const whom = whomOf(draft);
  if (whom === null) return null;
  const { maxUsers, partial, disableConflicting } = draft.options;
  const options = {
    ...plannedOptions(draft.options),
    onInsufficientLicenses: partial ? "partial" : "fail",
    onConflict: disableConflicting ? "disableConflictingPlans" : "skip",
    ...(maxUsers === null ? {} : { maxUsers }),
  } as const;
  const schedule = draft.when.kind === "now" ? {} : { schedule: scheduleOf(draft) };
  return { ...whom, ...changeOf(draft), options, ...reasonOf(draft), ...schedule } as Exclude<StartBody, ExecuteBody>;
}

/** The body that executes a preview; `confirm` is the number of affected users that was typed. */
export function executeBodyOf(draft: Draft, previewId: string, confirm: number | null): ExecuteBody {
  return {
    previewId,
    options: plannedOptions(draft.options),
    ...(confirm === null ? {} : { confirm }),
    ...reasonOf(draft),
    ...(draft.when.kind === "once" ? { schedule: scheduleOf(draft) } : {}),
  };
}

function targetsOf(draft: WhomDraft, tenant: string): Target[] {
  const people = selectionsOf(draft.people, tenant);
  const excluded = draft.excluding ? selectionsOf(draft.excluded, tenant) : [];
  const [first] = people;
  if (first === undefined) return [];
  const include = draft.guests || draft.disabled ? { include: { guests: draft.guests, disabled: draft.disabled } } : {};
  // Entries of one tenant are united by the API: each carries one selection and one exclusion, where there are several.
  return Array.from({ length: Math.max(people.length, excluded.length) }, (_, n) => {
    const exclude = excluded[n];
    return { tenant, users: people[n] ?? first, ...(exclude ? { exclude } : {}), ...include };
  });
}

/** What a selection means in one tenant; nothing where nobody is named there. */
export function selectionsOf(of: SelectionDraft, tenant: string): Selection[] {
  switch (of.by) {
    case "group": {
      const { nested } = of;
      if (isWide(tenant)) {
        return of.groupName.trim() ? [{ group: { displayName: of.groupName.trim(), nested } }] : [];
      }
      return of.groups.filter((each) => each.tenant === tenant).map(({ id }) => ({ group: { id, nested } }));
    }
    case "filter": {
      const filter = odataOf(of.filter);
      const { licensed } = of.filter;
      if (filter && licensed) return [{ filter, licensed }];
      if (licensed) return [{ licensed }];
      return filter ? [{ filter }] : [];
    }
    case "csv":
      return of.csv ? [{ csv: of.csv.text }] : [];
    case "users": {
      const users = of.users.filter((each) => each.tenant === tenant).map(({ id }) => id);
      return users.length > 0 ? [{ users }] : [];
    }
  }
}

function changeOf(draft: Draft): object {
  const { change, kind } = draft;
  switch (kind) {
    case "assign":
      return { ...some("licenses", change.assign.map(licenceOf)), ...locationOf(draft) };
    case "remove":
      return {
        ...(change.removeAll
          ? { licenses: "all" }
          : some(
              "licenses",
              change.remove.map((sku) => ({ sku })),
            )),
        ...(change.graceDays === null ? {} : { grace: { days: change.graceDays, during: change.during } }),
        ...(change.mailbox === "none" ? {} : { mailbox: mailboxOf(draft) }),
      };
    case "modify":
      return {
        ...some("licenses", change.edits.map(editOf)),
        ...some("add", change.add.map(licenceOf)),
        ...some("swap", change.swaps),
        ...locationOf(draft),
      };
    case "transfer":
      return {
        ...some(
          "transfers",
          change.moves.map(({ from, to, keep }) => ({ from, to, keepDisabledPlans: keep })),
        ),
        ...locationOf(draft),
      };
  }
}

function some<T>(name: string, list: readonly T[]): Record<string, readonly T[]> {
  return list.length > 0 ? { [name]: list } : {};
}

function licenceOf({ sku, mode, plans }: LicenceDraft): Schemas["Licence"] {
  if (mode === "only") return { sku, enabledPlans: [...plans] };
  return plans.length > 0 ? { sku, disabledPlans: [...plans] } : { sku };
}

function editOf({ sku, on, off }: EditDraft): Schemas["PlanEdit"] {
  return { sku, enablePlans: [...on], disablePlans: [...off] };
}

function mailboxOf({ change }: Draft): Schemas["RemoveBody"]["mailbox"] {
  return change.mailbox === "replaceWith" ? { replaceWith: change.replaceWith } : change.mailbox;
}

function locationOf({ change }: Draft): { usageLocation?: Schemas["UsageLocation"] } {
  if (change.location === "none") return {};
  const value = change.location === "country" ? change.country : change.location;
  return { usageLocation: { value, mode: change.locationAlways ? "always" : "ifMissing" } };
}

function plannedOptions({ canary, stop, window }: OptionsDraft): Planned {
  return {
    ...(canary?.users ? { canary: { users: canary.users, approve: canary.approve } } : {}),
    ...(stop?.percent ? { stopWhen: { failedPercent: stop.percent, minimum: stop.minimum ?? 25 } } : {}),
    ...(window ? { window: { days: [...window.days], from: window.from, to: window.to, timeZone: window.zone } } : {}),
  };
}

function reasonOf({ reason }: Draft): { reason?: string } {
  return reason.trim() ? { reason: reason.trim() } : {};
}

function scheduleOf({ when, kind }: Draft): Schemas["ScheduleSpec"] {
  const name = when.name.trim();
  if (when.kind === "once") return { name, runAt: new Date(when.at).toISOString() } as Schemas["ScheduleSpec"];
  return {
    name,
    recurrence: recurrenceOf(when),
    ...(kind === "assign" && when.removeLeavers ? { removeLeavers: true } : {}),
    ...(when.maxChanges === null ? {} : { maxChangesPerRun: when.maxChanges }),
  } as Schemas["ScheduleSpec"];
}

export function recurrenceOf(when: WhenDraft): Schemas["RecurrenceBody"] {
  return {
    frequency: when.frequency,
    interval: when.interval ?? 1,
    ...(when.frequency === "weekly" ? { daysOfWeek: [...when.days] } : {}),
    ...(when.frequency === "monthly" && when.dayOfMonth ? { dayOfMonth: when.dayOfMonth } : {}),
    time: when.time,
    timeZone: when.zone,
  };
}
