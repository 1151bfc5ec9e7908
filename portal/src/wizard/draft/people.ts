import type { Tenant } from "../../api/types";
import type { Picked } from "./model";

/** A line of a pasted list that names nobody of the tenants. */
export interface BadLine {
  line: number;
  text: string;
  why: string;
}

const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const PRINCIPAL_NAME = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** The people in a pasted list (lines, commas or semicolons between them), each in the tenant whose domain is named. */
export function peopleIn(text: string, tenants: readonly Tenant[]): { people: Picked[]; bad: BadLine[] } {
  const people = new Map<string, Picked>();
  const bad: BadLine[] = [];
  text.split(/\r\n|\r|\n/).forEach((line, n) => {
    for (const part of line.split(/[,;\t]/)) {
      const id = nameIn(part);
      if (id === "") continue;
      const found = placed(id, tenants);
      if (typeof found === "string") bad.push({ line: n + 1, text: id, why: found });
      else people.set(keyOf(found), found);
    }
  });
  return { people: [...people.values()], bad };
}

/** Tells a person from another one. */
export function keyOf({ tenant, id }: Picked): string {
  return `${tenant}|${id.toLowerCase()}`;
}

/** Both lists, each person once. */
export function united(some: readonly Picked[], more: readonly Picked[]): Picked[] {
  return [...new Map([...some, ...more].map((each) => [keyOf(each), each])).values()];
}

/** As mail programs write people: `Ana Lima <ana@contoso.com>`. */
function nameIn(part: string): string {
  const text = part.trim().replace(/^"(.*)"$/, "$1");
  return (/<([^<>\s]+@[^<>\s]+)>\s*$/.exec(text)?.[1] ?? text).trim();
}

function placed(id: string, tenants: readonly Tenant[]): Picked | string {
  const [only, ...others] = tenants;
  if (!ID.test(id) && !PRINCIPAL_NAME.test(id)) return "is neither a sign-in name nor an object id";
  if (only === undefined) return "belongs to no tenant: choose one first";
  if (others.length === 0) return { tenant: only.tenantId, id, name: id };
  const domain = id.split("@")[1]?.toLowerCase();
  const owner = tenants.find(({ domains }) => domains.some((each) => each.toLowerCase() === domain));
  if (owner) return { tenant: owner.tenantId, id, name: id };
  return domain === undefined
    ? "is an object id, and could be of any of the tenants"
    : "has a domain of none of the tenants";
}
