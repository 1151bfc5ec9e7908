import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api, BASE, cursorOf, pageOf } from "./client";
import { PREFER_LINK } from "./csv";
import { LIVE_MS } from "./queries";
import type { components } from "./schema";
import { isEnded, isMoving } from "./status";
import type { Operation, Schedule } from "./types";

/** One operation: how it goes, what became of each user, and what can be done about it. */
type Schemas = components["schemas"];

export type Result = Schemas["ResultBody"];
export type TenantPart = Schemas["TenantPartBody"];
export type ExecuteBody = Schemas["ExecuteBody"];
export type RevertBody = Schemas["RevertBody"];
export type PlannedKind = "assign" | "remove" | "modify" | "transfer";
export type StartBody =
  | Schemas["AssignBody"]
  | Schemas["RemoveBody"]
  | Schemas["ModifyBody"]
  | Schemas["TransferBody"]
  | ExecuteBody;
export type Verb = "cancel" | "pause" | "resume" | "approve" | "retry";

const ROWS = 200;

/** An operation, looked at every second while it moves, every other while it rests, and no more once it has ended. */
export const operationQuery = (id: string) =>
  queryOptions({
    queryKey: ["operation", id],
    queryFn: ({ signal }) => answer(api.GET(`${BASE}/operations/{id}`, { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => {
      const status = state.data?.status;
      if (status === undefined || isEnded(status)) return false;
      return isMoving(status) ? LIVE_MS / 2 : LIVE_MS;
    },
  });

export interface ResultFilter {
  status?: Result["status"];
  tenant?: string;
}

/** What became of each user. */
export const resultsQuery = (id: string, filter: ResultFilter) =>
  infiniteQueryOptions({
    queryKey: ["results", id, filter],
    queryFn: ({ pageParam, signal }) =>
      pageOf(
        api.GET(`${BASE}/operations/{id}/results`, {
          params: { path: { id }, query: { top: ROWS, ...filter, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => cursorOf(page.nextLink),
    structuralSharing: false,
  });

/** The same results, all of them, as CSV. */
export function resultsCsv(id: string, filter: ResultFilter) {
  return api.GET(`${BASE}/operations/{id}/results`, {
    params: { header: PREFER_LINK, path: { id }, query: { ...filter, format: "csv" } },
    parseAs: "blob",
  });
}

/** Starts an operation, or schedules it where the body says when; the same key starts once. */
export function start(kind: PlannedKind, body: StartBody, key: string): Promise<Operation | Schedule> {
  return answer(api.POST(`${BASE}/${kind}`, { body, params: { header: { "Idempotency-Key": key } } }));
}

/** Steers an operation; `retry` answers with the new one. */
export function steer(id: string, verb: Verb): Promise<Operation> {
  return answer(api.POST(`${BASE}/operations/{id}/${verb}`, { params: { path: { id } } }));
}

/** Starts the operation that undoes another one. */
export function revert(id: string, body: RevertBody, key: string): Promise<Operation> {
  return answer(
    api.POST(`${BASE}/operations/{id}/revert`, {
      params: { path: { id }, header: { "Idempotency-Key": key } },
      body,
    }),
  );
}
