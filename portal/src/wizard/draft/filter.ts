/** A filter over users: rows of the builder, or a text of one's own once `text` is not null. */
export interface FilterDraft {
  join: "and" | "or";
  rows: readonly FilterRow[];
  /** A SKU that is held besides, `none` for no licence at all, empty for either. */
  licensed: string;
  text: string | null;
}

export interface FilterRow {
  property: PropertyName;
  operator: Operator;
  value: string;
}

export type Operator = "eq" | "ne" | "startsWith" | "endsWith";
export type PropertyName = (typeof PROPERTIES)[number]["name"];

type Kind = "text" | "whole" | "yes";

/** What can be asked for, and by what: `whole` texts are compared as a whole, `yes` is true or false. */
export const PROPERTIES = [
  { name: "department", label: "Department", kind: "text" },
  { name: "jobTitle", label: "Job title", kind: "text" },
  { name: "usageLocation", label: "Usage location", kind: "whole" },
  { name: "country", label: "Country", kind: "text" },
  { name: "city", label: "City", kind: "text" },
  { name: "officeLocation", label: "Office", kind: "text" },
  { name: "companyName", label: "Company", kind: "text" },
  { name: "employeeType", label: "Employee type", kind: "text" },
  { name: "displayName", label: "Display name", kind: "text" },
  { name: "userPrincipalName", label: "Sign-in name", kind: "text" },
  { name: "mail", label: "Mail", kind: "text" },
  { name: "accountEnabled", label: "Sign-in allowed", kind: "yes" },
] as const satisfies readonly { name: string; label: string; kind: Kind }[];

export const OPERATORS: Record<Operator, string> = {
  eq: "is",
  ne: "is not",
  startsWith: "begins with",
  endsWith: "ends with",
};
/** Graph compares the ends of these only. */
const WITH_ENDS: ReadonlySet<PropertyName> = new Set(["userPrincipalName", "mail"]);

export function kindOf(property: PropertyName): Kind {
  return PROPERTIES.find(({ name }) => name === property)?.kind ?? "text";
}

/** The comparisons that a property knows. */
export function operatorsOf(property: PropertyName): Operator[] {
  if (kindOf(property) !== "text") return ["eq", "ne"];
  return WITH_ENDS.has(property) ? ["eq", "ne", "startsWith", "endsWith"] : ["eq", "ne", "startsWith"];
}

export function newRow(property: PropertyName): FilterRow {
  return { property, operator: "eq", value: kindOf(property) === "yes" ? "true" : "" };
}

/** The OData text that is sent; empty where nothing is asked. */
export function odataOf(filter: FilterDraft): string {
  if (filter.text !== null) return filter.text.trim();
  return filter.rows
    .filter(({ value }) => value.trim() !== "")
    .map(termOf)
    .join(` ${filter.join} `);
}

function termOf({ property, operator, value }: FilterRow): string {
  const literal = kindOf(property) === "yes" ? value : `'${value.trim().replaceAll("'", "''")}'`;
  if (operator === "startsWith" || operator === "endsWith") return `${operator}(${property},${literal})`;
  return `${property} ${operator} ${literal}`;
}
