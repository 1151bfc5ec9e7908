import { describe, expect, it } from "vitest";
import type { Recurrence, Schedule } from "../../api/types";
import { draftOf, patchOf } from "./change";

const weekly: Recurrence = {
  frequency: "weekly",
  interval: 2,
  daysOfWeek: [],
  dayOfMonth: null,
  time: "02:00",
  timeZone: "Europe/Berlin",
  startDate: "2026-11-26",
  endDate: "2027-11-26",
};
const schedule = {
  name: "Newcomers",
  recurrence: weekly,
  runAt: null,
  onMissed: "runOnce",
  removeLeavers: false,
  maxChangesPerRun: 500,
} as unknown as Schedule;

describe("a change of a schedule", () => {
  it("sends what was changed and nothing else", () => {
    const before = draftOf(schedule);
    const after = { ...before, when: { ...before.when, name: "All newcomers", maxChanges: null } };
    expect(patchOf(before, before, schedule)).toEqual({});
    expect(patchOf(after, before, schedule)).toEqual({ name: "All newcomers", maxChangesPerRun: null });
  });

  it("keeps the days on which a recurrence starts and ends, and its own weekday where none was named", () => {
    const before = draftOf(schedule);
    expect(before.when.days).toEqual(["thursday"]);
    const fridays = { ...before, when: { ...before.when, days: ["friday" as const] } };
    expect(patchOf(fridays, before, schedule).recurrence).toMatchObject({ daysOfWeek: ["friday"] });
    const { recurrence } = patchOf({ ...before, when: { ...before.when, time: "03:30" } }, before, schedule);
    expect(recurrence).toMatchObject({ time: "03:30", startDate: "2026-11-26", endDate: "2027-11-26" });
  });

  it("gives the time of one that runs once as the moment that it is", () => {
    const once = { ...schedule, recurrence: null, runAt: "2026-12-01T10:30:00Z" };
    const before = draftOf(once);
    expect(new Date(before.when.at).toISOString()).toBe("2026-12-01T10:30:00.000Z");
    const patch = patchOf({ ...before, when: { ...before.when, at: "2026-12-02T09:00" } }, before, once);
    expect(patch).toEqual({ runAt: new Date("2026-12-02T09:00").toISOString() });
  });
});
