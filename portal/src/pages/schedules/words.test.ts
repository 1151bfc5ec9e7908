import { describe, expect, it } from "vitest";
import type { Recurrence, Schedule } from "../../api/types";
import { formatList } from "../../format/format";
import { changesOf, oneTenantOf, tenantOf, usersOf } from "./request";
import { stateOf, whenOf } from "./words";

const DAILY: Recurrence = {
  frequency: "daily",
  interval: 1,
  daysOfWeek: [],
  dayOfMonth: null,
  time: "02:00",
  timeZone: "Europe/Berlin",
  startDate: "2026-11-01",
  endDate: null,
};
const SCHEDULE: Schedule = {
  id: "1",
  name: "Joiners",
  operation: "assign",
  request: {},
  enabled: true,
  recurrence: DAILY,
  runAt: null,
  onMissed: "runOnce",
  removeLeavers: false,
  maxChangesPerRun: null,
  notify: null,
  next: ["2026-11-30T01:00:00Z"],
  lastRun: null,
};
// In whatever language this runs.
const weekday = (day: number) => new Date(2024, 0, day).toLocaleDateString(undefined, { weekday: "long" });
const recurring = (changed: Partial<Recurrence>) => whenOf({ ...SCHEDULE, recurrence: { ...DAILY, ...changed } });

describe("when a schedule runs", () => {
  it("is said in words, in the order of the week", () => {
    expect(recurring({})).toMatch(/^Every day at .* \(Europe\/Berlin\)$/);
    expect(recurring({ frequency: "weekly", interval: 2, daysOfWeek: ["friday", "monday"] })).toContain(
      `Every 2 weeks on ${formatList([weekday(1), weekday(5)])} at `,
    );
  });

  it("names the last day of a month, whose number differs", () => {
    expect(recurring({ frequency: "monthly", dayOfMonth: 31 })).toMatch(/^Every month on its last day at /);
    expect(recurring({ frequency: "monthly", dayOfMonth: 3, endDate: "2027-01-31" })).toMatch(
      /on day 3 at .*, until .*31/,
    );
  });
});

describe("the state of a schedule", () => {
  const past = new Date(Date.now() - 60_000).toISOString();
  const future = new Date(Date.now() + 60_000).toISOString();

  it("is told by what is to come, and by why nothing is", () => {
    expect(stateOf(SCHEDULE)).toBe("active");
    expect(stateOf({ ...SCHEDULE, enabled: false, next: [] })).toBe("paused");
    expect(stateOf({ ...SCHEDULE, next: [] })).toBe("over");
  });

  it("is over after the only run, which has switched it off", () => {
    const once = { ...SCHEDULE, recurrence: null, enabled: false, next: [] };
    expect(stateOf({ ...once, runAt: past })).toBe("over");
    expect(stateOf({ ...once, runAt: future })).toBe("paused");
  });
});

describe("what a schedule does", () => {
  const nameOf = (id: string) => `name of ${id}`;

  it("names tenants, and those that are meant together", () => {
    expect(tenantOf("1", nameOf)).toBe("name of 1");
    expect(tenantOf("*", nameOf)).toBe("All enabled tenants");
    expect(tenantOf("tag:gold", nameOf)).toBe("Tenants tagged gold");
    const users = { users: ["a"] };
    const targets = [
      { tenant: "tag:gold", users },
      { tenant: "1", users },
    ];
    expect(oneTenantOf({ targets })).toBe("1");
    expect(oneTenantOf({})).toBeUndefined();
  });

  it("says whom each kind of selection means", () => {
    expect(usersOf({ group: { displayName: "Sales", nested: true } })).toBe("Members of Sales");
    expect(usersOf({ group: { id: "7", nested: false } })).toBe("Members of 7, without those of groups in it");
    expect(usersOf({ users: ["a", "b", "c", "d", "e"] })).toBe(`${formatList(["a", "b", "c"])} and 2 others`);
    expect(usersOf({ csv: "UserPrincipalName\na\nb\n" })).toBe("The rows of a CSV (2)");
    expect(usersOf({ filter: "department eq 'IT'", licensed: "none" })).toBe(
      "Users where department eq 'IT', without a licence",
    );
  });

  it("says what each kind of operation changes", () => {
    expect(changesOf({ licenses: [{ sku: "E5" }], add: [{ sku: "PRO" }] }, nameOf)).toEqual([
      "name of E5",
      "name of PRO in addition",
    ]);
    expect(changesOf({ licenses: "all" }, nameOf)).toEqual(["All direct licences"]);
    expect(changesOf({ transfers: [{ from: ["A", "B"], to: "C" }] }, nameOf)).toEqual([
      `${formatList(["name of A", "name of B"])} to name of C`,
    ]);
  });
});
