import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api, BASE, cursorOf } from "./client";
import type { SchedulePatch } from "./types";

const LISTED = 50;

export const SCHEDULES = ["schedules"] as const;

/** Schedules, those that are done included, page by page. */
export const schedulesQuery = () =>
  infiniteQueryOptions({
    queryKey: [...SCHEDULES, "list"],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET(`${BASE}/schedules`, {
          params: { query: { top: LISTED, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => cursorOf(page.nextLink),
  });

export const scheduleQuery = (id: string) =>
  queryOptions({
    queryKey: [...SCHEDULES, "one", id],
    queryFn: ({ signal }) =>
      answer(api.GET(`${BASE}/schedules/{schedule}`, { params: { path: { schedule: id } }, signal })),
  });

/** What came of a schedule's due times, newest first, page by page. */
export const runsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...SCHEDULES, "runs", id],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET(`${BASE}/schedules/{schedule}/runs`, {
          params: { path: { schedule: id }, query: { top: LISTED, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => cursorOf(page.nextLink),
  });

export function changeSchedule(id: string, body: SchedulePatch) {
  return answer(api.PATCH(`${BASE}/schedules/{schedule}`, { params: { path: { schedule: id } }, body }));
}

/** Deletes a schedule; gives the operation that was started to undo what it had done so far, where there is one. */
export async function deleteSchedule(id: string): Promise<string | undefined> {
  const asked = await api.DELETE(`${BASE}/schedules/{schedule}`, { params: { path: { schedule: id } } });
  await answer(Promise.resolve(asked));
  return asked.response.headers.get("location")?.split("/").at(-1);
}

/** Starts the operation of a schedule now; the same `key` starts it once, however often it is sent. */
export function runSchedule(id: string, key: string) {
  return answer(
    api.POST(`${BASE}/schedules/{schedule}/run`, {
      params: { path: { schedule: id }, header: { "Idempotency-Key": key } },
    }),
  );
}
