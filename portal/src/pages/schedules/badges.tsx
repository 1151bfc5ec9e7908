import { Badge } from "@fluentui/react-components";
import { CalendarCheckmarkRegular } from "@fluentui/react-icons/svg/calendar-checkmark";
import { CheckmarkCircleRegular } from "@fluentui/react-icons/svg/checkmark-circle";
import { ErrorCircleRegular } from "@fluentui/react-icons/svg/error-circle";
import { PauseCircleRegular } from "@fluentui/react-icons/svg/pause-circle";
import { SkipForwardTabRegular } from "@fluentui/react-icons/svg/skip-forward-tab";
import type { JSX } from "react";
import type { Run, Schedule } from "../../api/types";
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
  return (
    <Badge appearance="tint" shape="rounded" size="large" color={color} icon={icon}>
      {label}
    </Badge>
  );
}

/** What came of a due time: the state of its operation, or why there is none. */
export function RunBadge({ status }: { status: Run["status"] }) {
  if (status === "missed")
    return (
      <Badge appearance="tint" shape="rounded" size="large" color="subtle" icon={<SkipForwardTabRegular />}>
        Missed
      </Badge>
    );
  if (status === "refused")
    return (
      <Badge appearance="tint" shape="rounded" size="large" color="danger" icon={<ErrorCircleRegular />}>
        Refused
      </Badge>
    );
  return <StatusBadge status={status} />;
}
