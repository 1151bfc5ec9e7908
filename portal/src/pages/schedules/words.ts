import type { Recurrence, Schedule } from "../../api/types";
import { formatDateTime, formatDay, formatList } from "../../format/format";

const UNITS: Record<Recurrence["frequency"], [one: string, many: string]> = {
  daily: ["day", "days"],
  weekly: ["week", "weeks"],
  monthly: ["month", "months"],
};
export const WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", timeZone: "UTC" });
const wallTime = new Intl.DateTimeFormat(undefined, { timeStyle: "short", timeZone: "UTC" });
const LAST_DAY = 31;

/** When a schedule starts its operation, as a sentence without its full stop. */
export function whenOf({ recurrence, runAt }: Schedule): string {
  return recurrence === null ? `Once, ${formatDateTime(runAt)}` : everyOf(recurrence);
}

function everyOf({ frequency, interval, daysOfWeek, dayOfMonth, time, timeZone, endDate }: Recurrence): string {
  const [one, many] = UNITS[frequency];
  const every = interval === 1 ? `Every ${one}` : `Every ${interval} ${many}`;
  const days = WEEK.filter((each) => daysOfWeek.includes(each)).map(nameOfDay);
  const onWeekdays = days.length > 0 ? ` on ${formatList(days)}` : "";
  const onDay = dayOfMonth === null ? "" : dayOfMonth === LAST_DAY ? " on its last day" : ` on day ${dayOfMonth}`;
  const until = endDate === null ? "" : `, until ${formatDay(endDate)}`;
  return `${every}${onWeekdays}${onDay} at ${wallTime.format(new Date(`1970-01-01T${time}Z`))} (${timeZone})${until}`;
}

function nameOfDay(day: (typeof WEEK)[number]): string {
  // 1 January 2024 was a Monday.
  return weekday.format(Date.UTC(2024, 0, 1 + WEEK.indexOf(day)));
}

export type ScheduleState = "active" | "paused" | "over";

/** Whether a schedule goes on; one that runs once is switched off by its run. */
export function stateOf({ enabled, next, runAt }: Schedule): ScheduleState {
  if (next.length > 0) return "active";
  const isPast = runAt !== null && new Date(runAt) < new Date();
  return enabled || isPast ? "over" : "paused";
}
