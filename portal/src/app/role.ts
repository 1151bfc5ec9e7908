import { useSuspenseQuery } from "@tanstack/react-query";
import { meQuery } from "../api/queries";
import type { Caller } from "../api/types";

export type Role = Caller["role"];

const ORDER: readonly Role[] = ["BulkLicenses.Read", "BulkLicenses.Operate", "BulkLicenses.Admin"];
const NAMES: Record<Role, string> = {
  "BulkLicenses.Read": "Reader",
  "BulkLicenses.Operate": "Operator",
  "BulkLicenses.Admin": "Administrator",
};

/** Whether a role includes another one. */
export function includes(role: Role, needed: Role): boolean {
  return ORDER.indexOf(role) >= ORDER.indexOf(needed);
}

export function nameOfRole(role: Role): string {
  return NAMES[role];
}

/** The signed-in caller; for use inside the shell, which has asked. */
export function useCaller(): Caller {
  return useSuspenseQuery(meQuery()).data;
}

/** Whether the signed-in caller may do what needs this role. What is refused is refused by the API in any case. */
export function useMay(needed: Role): boolean {
  return includes(useCaller().role, needed);
}
