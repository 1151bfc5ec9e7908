import type { PreviewUser } from "../../api/previews";
import { labelOfCode } from "../../components/codes";
import { NOTHING } from "../../format/format";

/** What the table shows of a user; a hundred thousand of these are kept, of the whole answers they would be too much. */
export interface PlanRow {
  key: string;
  tenantId: string;
  user: string;
  status: PreviewUser["status"];
  gets: string;
  loses: string;
  location: string;
  remarks: string;
}

export const PLAN_STATUSES: Record<PreviewUser["status"], string> = {
  change: "Will be changed",
  unchanged: "Stays as it is",
  skipped: "Skipped",
};

/** A user of a plan as a row. */
export function planRowOf(user: PreviewUser): PlanRow {
  const { tenantId, userId, userPrincipalName, status, add, remove, usageLocation, code, message, warnings } = user;
  const gets = add.map(({ sku, disabledPlans }) =>
    disabledPlans.length > 0 ? `${sku} without ${disabledPlans.join(", ")}` : sku,
  );
  const remarks = [message ?? (code && labelOfCode(code)), ...warnings].filter(Boolean);
  return {
    key: `${tenantId}|${userId || userPrincipalName}`,
    tenantId,
    user: userPrincipalName,
    status,
    gets: gets.join("; ") || NOTHING,
    loses: remove.join(", ") || NOTHING,
    location: usageLocation ?? NOTHING,
    remarks: remarks.join(" · ") || NOTHING,
  };
}
