import {
  type Change,
  type Draft,
  EVERY_TENANT,
  isWide,
  type OptionsDraft,
  type SelectionDraft,
  type WhenDraft,
} from "./model";

export type Action =
  | { do: "begin"; draft: Draft }
  | { do: "scope"; scope: readonly string[] }
  | { do: "people"; change: Partial<SelectionDraft> }
  | { do: "excluded"; change: Partial<SelectionDraft> }
  | { do: "change"; change: Partial<Change> }
  | { do: "options"; change: Partial<OptionsDraft> }
  | { do: "when"; change: Partial<WhenDraft> }
  | { do: "set"; change: Partial<Pick<Draft, "excluding" | "guests" | "disabled" | "kind" | "reason">> };

/** The draft after what the user did. */
export function reduce(draft: Draft, action: Action): Draft {
  switch (action.do) {
    case "begin":
      return action.draft;
    case "scope":
      return scoped(draft, action.scope);
    case "people":
      return { ...draft, people: { ...draft.people, ...action.change } };
    case "excluded":
      return { ...draft, excluded: { ...draft.excluded, ...action.change } };
    case "change":
      return { ...draft, change: { ...draft.change, ...action.change } };
    case "options":
      return { ...draft, options: { ...draft.options, ...action.change } };
    case "when":
      return { ...draft, when: { ...draft.when, ...action.change } };
    case "set":
      return { ...draft, ...action.change };
  }
}

/** All tenants stand alone; whoever was picked in a tenant that is not meant any more is forgotten. */
function scoped(draft: Draft, asked: readonly string[]): Draft {
  const allIsNew = asked.includes(EVERY_TENANT) && !draft.scope.includes(EVERY_TENANT);
  const scope = allIsNew ? [EVERY_TENANT] : asked.filter((each) => each !== EVERY_TENANT || asked.length === 1);
  const kept = (of: SelectionDraft): SelectionDraft => ({
    ...of,
    groups: of.groups.filter(({ tenant }) => scope.includes(tenant)),
    users: of.users.filter(({ tenant }) => scope.includes(tenant)),
  });
  const people = kept(draft.people);
  // A list names people of tenants one by one.
  const by = people.by === "users" && scope.some(isWide) ? "group" : people.by;
  return { ...draft, scope, people: { ...people, by }, excluded: kept(draft.excluded) };
}
