import { differing } from "../../api/differing";
import type { Schedule, SchedulePatch } from "../../api/types";
import type { Day, WhenDraft } from "../../wizard/draft/model";
import { recurrenceOf } from "../../wizard/draft/request";
import { WEEK } from "./words";

/** What can be changed of a schedule, as it is typed in. */
export interface ScheduleDraft {
  when: WhenDraft;
  onMissed: Schedule["onMissed"];
}

export function draftOf(schedule: Schedule): ScheduleDraft {
  const { name, runAt, recurrence, removeLeavers, maxChangesPerRun, onMissed } = schedule;
  return {
    onMissed,
    when: {
      kind: recurrence === null ? "once" : "recurring",
      name,
      at: runAt === null ? "" : localOf(new Date(runAt)),
      frequency: recurrence?.frequency ?? "weekly",
      interval: recurrence?.interval ?? 1,
      days: recurrence?.daysOfWeek.length ? recurrence.daysOfWeek : [weekdayOf(recurrence?.startDate)],
      dayOfMonth: recurrence?.dayOfMonth ?? null,
      time: recurrence?.time.slice(0, "hh:mm".length) ?? "",
      zone: recurrence?.timeZone ?? "",
      removeLeavers,
      maxChanges: maxChangesPerRun,
    },
  };
}

/** What of a draft differs from what it began with; the days on which it starts and ends stay as they are. */
export function patchOf(draft: ScheduleDraft, before: ScheduleDraft, schedule: Schedule): SchedulePatch {
  const { recurrence: changed, ...others } = differing<SchedulePatch>(fieldsOf(draft), fieldsOf(before));
  if (!changed) return others;
  const { startDate = null, endDate = null } = schedule.recurrence ?? {};
  return { ...others, recurrence: { ...changed, startDate, endDate } };
}

function fieldsOf({ when, onMissed }: ScheduleDraft): SchedulePatch {
  const times = when.kind === "once" ? { runAt: new Date(when.at).toISOString() } : { recurrence: recurrenceOf(when) };
  const { removeLeavers, maxChanges } = when;
  return { name: when.name.trim(), onMissed, removeLeavers, maxChangesPerRun: maxChanges, ...times };
}

/** A moment as the browser's own field for date and time has it, in the user's time zone. */
function localOf(at: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A day of the calendar, whose weekday is the same everywhere. */
function weekdayOf(date: string | undefined): Day {
  const sundayFirst = new Date(date ?? "").getUTCDay();
  return WEEK[(sundayFirst + 6) % 7] ?? "monday";
}
