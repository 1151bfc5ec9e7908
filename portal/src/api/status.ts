import type { OperationStatus } from "./types";

const MOVING: ReadonlySet<OperationStatus> = new Set(["queued", "running", "cancelling"]);
const ENDED: ReadonlySet<OperationStatus> = new Set(["succeeded", "partiallySucceeded", "failed", "cancelled"]);

/** Whether an operation changes by itself within seconds. */
export function isMoving(status: OperationStatus): boolean {
  return MOVING.has(status);
}

/** Whether an operation is over. */
export function isEnded(status: OperationStatus): boolean {
  return ENDED.has(status);
}
