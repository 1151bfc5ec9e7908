import { CalendarCheckmarkRegular } from "@fluentui/react-icons/svg/calendar-checkmark";
import { CheckmarkCircleRegular } from "@fluentui/react-icons/svg/checkmark-circle";
import { ErrorCircleRegular } from "@fluentui/react-icons/svg/error-circle";
import { PauseCircleRegular } from "@fluentui/react-icons/svg/pause-circle";
import { SkipForwardTabRegular } from "@fluentui/react-icons/svg/skip-forward-tab";
import type { JSX } from "react";
import { isMoving } from "../../api/status";
import type { Run, Schedule } from "../../api/types";
import { Mark } from "../../components/Mark";
import { StatusBadge } from "../../components/StatusBadge";
import { type ScheduleState, stateOf } from "./words";

const STATES: Record<ScheduleState, { label: string; color: "brand" | "informative" | "subtle"; icon: JSX.Element }> = {
  active: { label: "Active", color: "brand", icon: <CalendarCheckmarkRegular /> },
  paused: { label: "Paused", color: "informative", icon: <PauseCircleRegular /> },
  over: { label: "Over", color: "subtle", icon: <CheckmarkCircleRegular /> },
};

/** Whether a schedule goes on. */
export function ScheduleBadge({ schedule }: { schedule: Schedule }) {
  const { label, color, icon } = STATES[stateOf(schedule)];
  return <Mark label={label} color={color} icon={icon} />;
}

/** Whether what came of a due time changes by itself within seconds. */
export function isUnderWay(status: Run["status"] | undefined): boolean {
  return status !== undefined && status !== "missed" && status !== "refused" && isMoving(status);
}

/** What came of a due time: the state of its operation, or why there is none. */
export function RunBadge({ status }: { status: Run["status"] }) {
  if (status === "missed") return <Mark label="Missed" color="subtle" icon={<SkipForwardTabRegular />} />;
  if (status === "refused") return <Mark label="Refused" color="danger" icon={<ErrorCircleRegular />} />;
  return <StatusBadge status={status} />;
}
