import { useSearchParams } from "react-router";
import type { AuditFilter } from "../../api/audit";

export const FIELDS = ["tenant", "from", "to", "operation", "user", "actor"] as const;

/** The filter that stands in the view's address. */
export function useAuditFilter(): AuditFilter {
  const [params] = useSearchParams();
  const told = FIELDS.map((name) => [name, params.get(name)?.trim()] as const);
  return Object.fromEntries(told.filter(([, value]) => value));
}
