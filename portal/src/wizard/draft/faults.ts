import { hasColumn } from "./csv";
import { odataOf } from "./filter";
import { type Draft, isWide, type SelectionDraft } from "./model";
import { namesSkus, namesTenants, whomOf } from "./request";

/** What is missing before the wizard can go on, in words; what only the API can know it says itself. */
export function faultsOfSelection(draft: Draft, nameOf: (tenant: string) => string): string[] {
  if (draft.scope.length === 0 && !namesTenants(draft)) return ["Choose the tenants whose users are meant."];
  const faults = missingIn(draft.people, draft);
  if (faults.length > 0) return faults;
  if (draft.people.by === "csv") {
    const several = draft.scope.length > 1 || draft.scope.some(isWide);
    if (several && !namesTenants(draft)) return ["A CSV for several tenants needs a column Tenant."];
  }
  if (whomOf(draft) === null) return ["Choose the users that are meant."];
  if (draft.people.by === "group" || draft.people.by === "users") {
    const picked = draft.people.by === "group" ? draft.people.groups : draft.people.users;
    const without = draft.scope.filter((each) => !isWide(each) && !picked.some(({ tenant }) => tenant === each));
    faults.push(...without.map((each) => `Nobody is chosen in ${nameOf(each)}: choose some, or take the tenant out.`));
  }
  if (draft.excluding && !namesTenants(draft)) {
    faults.push(...missingIn(draft.excluded, draft).map(() => "Say who is excluded, or switch the exclusion off."));
  }
  return faults;
}

/** What is missing of what shall be done. */
export function faultsOfChange(draft: Draft): string[] {
  return [...faultsOfKind(draft), ...faultsOfOptions(draft), ...faultsOfWhen(draft)];
}

function missingIn(of: SelectionDraft, { scope }: Draft): string[] {
  switch (of.by) {
    case "group":
      if (scope.some(isWide) && of.groupName.trim() === "") return ["Give the display name of the group."];
      return !scope.some(isWide) && of.groups.length === 0 ? ["Choose at least one group."] : [];
    case "filter":
      return odataOf(of.filter) === "" && of.filter.licensed === "" ? ["Give the filter at least one condition."] : [];
    case "csv":
      if (of.csv === null) return ["Choose a CSV file."];
      return hasColumn(of.csv, "UserPrincipalName") ? [] : ["The CSV has no column UserPrincipalName."];
    case "users":
      return of.users.length === 0 ? ["Choose at least one user."] : [];
  }
}

function faultsOfKind(draft: Draft): string[] {
  const { change, kind } = draft;
  const faults: string[] = [];
  const byRows = namesSkus(draft);
  switch (kind) {
    case "assign":
      if (change.assign.length === 0 && !byRows) faults.push("Choose at least one licence to assign.");
      if (change.assign.some(({ mode, plans }) => mode === "only" && plans.length === 0)) {
        faults.push("A licence needs at least one service plan that is on.");
      }
      break;
    case "remove":
      if (!change.removeAll && change.remove.length === 0 && !byRows) {
        faults.push("Choose the licences to remove, or all of them.");
      }
      if (change.mailbox === "replaceWith" && change.replaceWith === "") {
        faults.push("Choose the licence that keeps the mailbox.");
      }
      break;
    case "modify":
      if (change.edits.length + change.add.length + change.swaps.length === 0 && !byRows) {
        faults.push("Choose service plans to switch, a licence to add, or one to swap.");
      }
      if (change.edits.some(({ on, off }) => on.length + off.length === 0)) {
        faults.push("Choose the service plans to switch on or off, or take the licence out.");
      }
      if (change.swaps.some(({ from, to }) => from === "" || to === "")) faults.push("A swap needs both licences.");
      break;
    case "transfer":
      if (change.moves.length === 0 && !byRows) faults.push("Choose the licences to move from and to.");
      if (change.moves.some(({ from, to }) => from.length === 0 || to === "")) {
        faults.push("A move needs the licences it comes from and the one it goes to.");
      }
      break;
  }
  if (kind !== "remove" && change.location === "country" && !/^[A-Z]{2}$/.test(change.country)) {
    faults.push("Give the country of the usage location by its two letters, such as DE.");
  }
  return faults;
}

function faultsOfOptions({ options: { canary, stop, window } }: Draft): string[] {
  const faults: string[] = [];
  if (canary && !canary.users) faults.push("Say how many users go first.");
  if (stop && !stop.percent) faults.push("Say at what share of failures to stop.");
  if (window && window.days.length === 0) faults.push("Choose the days on which work may be done.");
  if (window && !(window.from && window.to)) faults.push("Give the hours in which work may be done.");
  return faults;
}

/** What is missing of the times of a schedule. */
export function faultsOfWhen({ when }: Pick<Draft, "when">): string[] {
  if (when.kind === "now") return [];
  const faults: string[] = [];
  if (when.name.trim() === "") faults.push("Give the schedule a name.");
  if (when.kind === "once" && Number.isNaN(Date.parse(when.at))) faults.push("Say when it shall start.");
  if (when.kind === "recurring" && !/^\d\d:\d\d$/.test(when.time)) faults.push("Say at what time it shall start.");
  if (when.kind === "recurring" && when.frequency === "weekly" && when.days.length === 0) {
    faults.push("Choose the days of the week.");
  }
  return faults;
}
