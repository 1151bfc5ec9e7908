import type { FluentIcon } from "@fluentui/react-icons";
import { Add20Filled, Add20Regular } from "@fluentui/react-icons/svg/add";
import { BuildingMultiple20Filled, BuildingMultiple20Regular } from "@fluentui/react-icons/svg/building-multiple";
import { CalendarClock20Filled, CalendarClock20Regular } from "@fluentui/react-icons/svg/calendar-clock";
import { DataTrending20Filled, DataTrending20Regular } from "@fluentui/react-icons/svg/data-trending";
import { Money20Filled, Money20Regular } from "@fluentui/react-icons/svg/money";
import { ShieldCheckmark20Filled, ShieldCheckmark20Regular } from "@fluentui/react-icons/svg/shield-checkmark";
import { TaskListSquareLtr20Filled, TaskListSquareLtr20Regular } from "@fluentui/react-icons/svg/task-list-square-ltr";
import type { Role } from "./role";

/** A page of the left navigation; `role` is the least that its main purpose needs. */
export interface Place {
  path: string;
  label: string;
  icon: FluentIcon;
  iconOfHere: FluentIcon;
  role: Role;
}

export const PLACES: readonly Place[] = [
  {
    path: "/operations",
    label: "Operations",
    icon: TaskListSquareLtr20Regular,
    iconOfHere: TaskListSquareLtr20Filled,
    role: "BulkLicenses.Read",
  },
  { path: "/new", label: "New operation", icon: Add20Regular, iconOfHere: Add20Filled, role: "BulkLicenses.Operate" },
  {
    path: "/schedules",
    label: "Schedules",
    icon: CalendarClock20Regular,
    iconOfHere: CalendarClock20Filled,
    role: "BulkLicenses.Read",
  },
  {
    path: "/audit",
    label: "Audit",
    icon: ShieldCheckmark20Regular,
    iconOfHere: ShieldCheckmark20Filled,
    role: "BulkLicenses.Read",
  },
  {
    path: "/reconciliation",
    label: "Reconciliation",
    icon: DataTrending20Regular,
    iconOfHere: DataTrending20Filled,
    role: "BulkLicenses.Read",
  },
  {
    path: "/tenants",
    label: "Tenants",
    icon: BuildingMultiple20Regular,
    iconOfHere: BuildingMultiple20Filled,
    role: "BulkLicenses.Read",
  },
  { path: "/prices", label: "Prices", icon: Money20Regular, iconOfHere: Money20Filled, role: "BulkLicenses.Read" },
];

/** The place that a path belongs to: `/operations/7` is of Operations. */
export function placeOf(pathname: string): Place | undefined {
  return PLACES.find(({ path }) => pathname === path || pathname.startsWith(`${path}/`));
}
