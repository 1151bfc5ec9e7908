/** What codes of results, exclusions, warnings and tenants' errors are called; the API's messages say what to do. */
const LABELS: Record<string, string> = {
  InsufficientLicenses: "Not enough seats",
  MissingUsageLocation: "No usage location",
  ProhibitedInUsageLocation: "Not offered in the user's country",
  ConflictingServicePlans: "Conflicting service plans",
  DependencyNotMet: "A service plan needs another one",
  InheritedFromGroup: "Given by a group",
  AlreadyAssigned: "Has it already",
  LicenseNotAssigned: "Does not hold it",
  UserNotFound: "No such user",
  SkuNotFound: "No such licence",
  Drifted: "Changed since the plan was made",
  Throttled: "Microsoft Graph was too busy",
  TenantUnavailable: "Microsoft Graph did not answer",
  PermissionDenied: "Permission missing",
  MailboxNotConverted: "Mailbox not converted",
  OutcomeUnknown: "Outcome unknown",
  Cancelled: "Cancelled",
  GuardExceeded: "More users than allowed",
  GraphError: "Refused by Microsoft Graph",
  EmptySelection: "Nobody selected",
  GroupNotFound: "No such group",
  GroupAmbiguous: "Several groups of that name",
  BadFilter: "Filter not understood",
  ContradictoryRows: "Contradicting rows",
  Excluded: "Named as an exclusion",
  Protected: "Protected accounts",
  Guest: "Guests",
  Disabled: "Sign-in blocked",
};

/** A code in words; one that is new here as words of its own. */
export function labelOfCode(code: string): string {
  return LABELS[code] ?? code.replace(/(?<=[a-z])(?=[A-Z])/g, " ");
}
