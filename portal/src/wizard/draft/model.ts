import type { PlannedKind } from "../../api/operation";
import type { FilterDraft } from "./filter";

/** What the wizard has been told so far. It is never changed in place: another draft is another object. */
export interface Draft {
  /** Tenants by id, `*` for all, `tag:…` for those with a tag. */
  scope: readonly string[];
  people: SelectionDraft;
  /** Who is excluded though they are selected. */
  excluding: boolean;
  excluded: SelectionDraft;
  guests: boolean;
  disabled: boolean;
  kind: PlannedKind;
  change: Change;
  options: OptionsDraft;
  when: WhenDraft;
  reason: string;
}

export type SelectedBy = "group" | "filter" | "csv" | "users";

/** All ways to select keep what they were told, so that going back to one finds it as it was. */
export interface SelectionDraft {
  by: SelectedBy;
  groups: readonly Picked[];
  /** Its display name, where the tenants are not known one by one. */
  groupName: string;
  nested: boolean;
  filter: FilterDraft;
  csv: CsvFile | null;
  users: readonly Picked[];
}

/** A user or group of a tenant; `name` is for people, `id` (or the principal name) for the API. */
export interface Picked {
  tenant: string;
  id: string;
  name: string;
}

export interface CsvFile {
  name: string;
  text: string;
}

/** A licence to give: the named plans are switched off, or they `only` are on, also for who holds it already. */
export interface LicenceDraft {
  sku: string;
  mode: "off" | "only";
  plans: readonly string[];
}

export interface EditDraft {
  sku: string;
  on: readonly string[];
  off: readonly string[];
}

export interface MoveDraft {
  from: readonly string[];
  to: string;
  keep: boolean;
}

/** What shall be done, of every kind; the kind says what of it is meant. */
export interface Change {
  assign: readonly LicenceDraft[];
  removeAll: boolean;
  remove: readonly string[];
  graceDays: number | null;
  during: "keep" | "disablePlans";
  mailbox: "none" | "convertToShared" | "replaceWith";
  replaceWith: string;
  edits: readonly EditDraft[];
  add: readonly LicenceDraft[];
  swaps: readonly { from: string; to: string }[];
  moves: readonly MoveDraft[];
  location: "none" | "country" | "fromUserCountry" | "tenantDefault";
  country: string;
  locationAlways: boolean;
}

export type Day = "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday";

export interface OptionsDraft {
  partial: boolean;
  disableConflicting: boolean;
  canary: { users: number | null; approve: "manual" | "auto" } | null;
  stop: { percent: number | null; minimum: number | null } | null;
  window: { days: readonly Day[]; from: string; to: string; zone: string } | null;
  maxUsers: number | null;
}

export interface WhenDraft {
  kind: "now" | "once" | "recurring";
  name: string;
  /** Local date and time, as the browser's own field has it. */
  at: string;
  frequency: "daily" | "weekly" | "monthly";
  interval: number | null;
  days: readonly Day[];
  dayOfMonth: number | null;
  time: string;
  zone: string;
  removeLeavers: boolean;
  maxChanges: number | null;
}

export const DAYS: readonly Day[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
export const EVERY_TENANT = "*";
export const TAG = "tag:";

/** Whether an entry of the scope stands for tenants that may change. */
export function isWide(entry: string): boolean {
  return entry === EVERY_TENANT || entry.startsWith(TAG);
}

const NOBODY: SelectionDraft = {
  by: "group",
  groups: [],
  groupName: "",
  nested: true,
  filter: { join: "and", rows: [], licensed: "", text: null },
  csv: null,
  users: [],
};

/** Where the wizard begins. */
export function emptyDraft(zone: string): Draft {
  return {
    scope: [],
    people: NOBODY,
    excluding: false,
    excluded: { ...NOBODY, by: "users" },
    guests: false,
    disabled: false,
    kind: "assign",
    change: {
      assign: [],
      removeAll: false,
      remove: [],
      graceDays: null,
      during: "keep",
      mailbox: "none",
      replaceWith: "",
      edits: [],
      add: [],
      swaps: [],
      moves: [],
      location: "none",
      country: "",
      locationAlways: false,
    },
    options: { partial: false, disableConflicting: false, canary: null, stop: null, window: null, maxUsers: null },
    when: {
      kind: "now",
      name: "",
      at: "",
      frequency: "weekly",
      interval: 1,
      days: ["monday"],
      dayOfMonth: 1,
      time: "02:00",
      zone,
      removeLeavers: false,
      maxChanges: null,
    },
    reason: "",
  };
}
