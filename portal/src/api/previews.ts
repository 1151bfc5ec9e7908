import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api, BASE, cursorOf, pageOf } from "./client";
import { PREFER_LINK } from "./csv";
import type { components } from "./schema";

/** Previews: the impact of a request, and what would become of each user. */
type Schemas = components["schemas"];

export type Preview = Schemas["PreviewBody"];
export type PreviewUser = Schemas["PreviewUser"];
export type Impact = Schemas["ImpactBody"];
export type PreviewRequest =
  | Schemas["AssignPreview"]
  | Schemas["RemovePreview"]
  | Schemas["ModifyPreview"]
  | Schemas["TransferPreview"]
  | Schemas["RevertPreview"];

const LOOK_MS = 1_000;
const ROWS = 500;

/** Asks for a preview; it is computed meanwhile. */
export function askPreview(request: PreviewRequest): Promise<Preview> {
  return answer(api.POST(`${BASE}/preview`, { body: request, headers: { Prefer: "wait=0" } }));
}

/** A preview, looked at until it is computed. */
export const previewQuery = (id: string) =>
  queryOptions({
    queryKey: ["preview", id],
    queryFn: ({ signal }) => answer(api.GET(`${BASE}/previews/{id}`, { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.status === "computing" ? LOOK_MS : false),
    staleTime: Number.POSITIVE_INFINITY,
  });

export interface PlanFilter {
  status?: PreviewUser["status"];
  tenant?: string;
  search?: string;
}

/** What would become of each user, page by page and each as `rowOf` makes it; a frozen plan never changes. */
export const planQuery = <Row>(id: string, filter: PlanFilter, rowOf: (user: PreviewUser) => Row) =>
  infiniteQueryOptions({
    queryKey: ["plan", id, filter],
    queryFn: async ({ pageParam, signal }) => {
      const page = await pageOf(
        api.GET(`${BASE}/previews/{id}/users`, {
          params: { path: { id }, query: { top: ROWS, ...filter, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      );
      return { rows: page.value.map(rowOf), nextLink: page.nextLink };
    },
    initialPageParam: "",
    getNextPageParam: (page) => cursorOf(page.nextLink),
    staleTime: Number.POSITIVE_INFINITY,
    // Comparing a hundred thousand rows with themselves at each page would hold the page up.
    structuralSharing: false,
  });

/** The same users, all of them, as CSV. */
export function planCsv(id: string, filter: PlanFilter) {
  return api.GET(`${BASE}/previews/{id}/users`, {
    params: { header: PREFER_LINK, path: { id }, query: { ...filter, format: "csv" } },
    parseAs: "blob",
  });
}
