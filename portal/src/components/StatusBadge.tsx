import type { BadgeProps } from "@fluentui/react-components";
import type { FluentIcon } from "@fluentui/react-icons";
import { ArrowSyncRegular } from "@fluentui/react-icons/svg/arrow-sync";
import { CheckmarkCircleRegular } from "@fluentui/react-icons/svg/checkmark-circle";
import { ClockRegular } from "@fluentui/react-icons/svg/clock";
import { DismissCircleRegular } from "@fluentui/react-icons/svg/dismiss-circle";
import { ErrorCircleRegular } from "@fluentui/react-icons/svg/error-circle";
import { PauseCircleRegular } from "@fluentui/react-icons/svg/pause-circle";
import { PersonRegular } from "@fluentui/react-icons/svg/person";
import { WarningRegular } from "@fluentui/react-icons/svg/warning";
import type { OperationStatus } from "../api/types";
import { Mark } from "./Mark";

interface Look {
  label: string;
  color: NonNullable<BadgeProps["color"]>;
  icon: FluentIcon;
}

const LOOKS: Record<OperationStatus, Look> = {
  queued: { label: "Queued", color: "informative", icon: ClockRegular },
  running: { label: "Running", color: "brand", icon: ArrowSyncRegular },
  awaitingApproval: { label: "Awaiting approval", color: "warning", icon: PersonRegular },
  waitingForWindow: { label: "Waiting for its hours", color: "informative", icon: ClockRegular },
  paused: { label: "Paused", color: "informative", icon: PauseCircleRegular },
  halted: { label: "Halted", color: "severe", icon: WarningRegular },
  cancelling: { label: "Cancelling", color: "informative", icon: ArrowSyncRegular },
  succeeded: { label: "Succeeded", color: "success", icon: CheckmarkCircleRegular },
  partiallySucceeded: { label: "Partially succeeded", color: "warning", icon: WarningRegular },
  failed: { label: "Failed", color: "danger", icon: ErrorCircleRegular },
  cancelled: { label: "Cancelled", color: "subtle", icon: DismissCircleRegular },
};

/** All statuses, in the order in which an operation may come to them. */
export const STATUSES = Object.keys(LOOKS) as OperationStatus[];

export function labelOfStatus(status: OperationStatus): string {
  return LOOKS[status].label;
}

/** The status of an operation or of a tenant's part, in words, with a sign besides its colour. */
export function StatusBadge({ status }: { status: OperationStatus }) {
  const { label, color, icon: Icon } = LOOKS[status];
  return <Mark label={label} color={color} icon={<Icon />} />;
}
