import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api, BASE, cursorOf } from "./client";
import type { PlannedKind } from "./operation";
import { everyPage } from "./queries";
import type { components } from "./schema";

/** What a tenant has: users, groups and licences; and whom a selection means. */
type Schemas = components["schemas"];

export type DirectoryUser = Schemas["UserBody"];
export type Group = Schemas["GroupBody"];
export type TenantLicence = Schemas["LicenceBody"];
export type Target = Schemas["Target"];
export type Selection = Schemas["Selection"];
export type Resolved = Schemas["ResolvedSelection"];
/** Whom a request means: targets, or a CSV whose rows name their tenants. */
export type Whom = Schemas["ResolveBody"];

/** Users and groups that come at once. */
export const FOUND = 20;
const MINUTE_MS = 60_000;

/** Groups whose names have words that begin like this. */
export const groupsQuery = (tenant: string, search: string) =>
  queryOptions({
    queryKey: ["groups", tenant, search],
    queryFn: ({ signal }) =>
      answer(
        api.GET(`${BASE}/tenants/{tenant}/groups`, {
          params: { path: { tenant }, query: { top: FOUND, memberCount: true, ...(search ? { search } : {}) } },
          signal,
        }),
      ).then((page) => page.value),
    staleTime: MINUTE_MS,
  });

/** Users whose names have words that begin like this, page by page. */
export const usersQuery = (tenant: string, search: string) =>
  infiniteQueryOptions({
    queryKey: ["users", tenant, search],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET(`${BASE}/tenants/{tenant}/users`, {
          params: {
            path: { tenant },
            query: { top: FOUND, ...(search ? { search } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => cursorOf(page.nextLink),
    staleTime: MINUTE_MS,
  });

/** The licences that a tenant subscribes to, with the seats as they are now. */
export const licencesQuery = (tenant: string) =>
  queryOptions({
    queryKey: ["licences", tenant],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        answer(
          api.GET(`${BASE}/tenants/{tenant}/licenses`, {
            params: { path: { tenant }, query: { top: 1000, ...cursor } },
            signal,
          }),
        ),
      ),
    staleTime: MINUTE_MS / 2,
  });

/** Whom a request means, counted now; nothing is stored. Faults of a CSV come as a problem with their lines. */
export const resolveQuery = (whom: Whom) =>
  queryOptions({
    queryKey: ["resolve", keyOfWhom(whom)],
    queryFn: ({ signal }) => answer(api.POST(`${BASE}/selections/resolve`, { body: whom, signal })).then(targetsOf),
    staleTime: MINUTE_MS,
  });

const targetsOf = ({ targets }: { targets: Resolved[] }) => targets;

const numbers = new WeakMap<Whom, number>();
let last = 0;

/** The request as a key: itself, or where it brings a CSV, which may be long, a number for this very object. */
function keyOfWhom(whom: Whom): string | number {
  const byRows = whom.csv || whom.targets?.some(({ users }) => users.csv);
  if (!byRows) return JSON.stringify(whom);
  const number = numbers.get(whom) ?? ++last;
  numbers.set(whom, number);
  return number;
}

/** A CSV with the columns of a kind of operation and two rows that show how. */
export function templateCsv(operation: PlannedKind) {
  return api.GET(`${BASE}/csv-template`, { params: { query: { operation } }, parseAs: "blob" });
}
