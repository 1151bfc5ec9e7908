import { createBrowserRouter, Navigate, type RouteObject } from "react-router";
import { Loading } from "../components/Loading";
import { Crashed } from "./Crashed";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

/** The views by their paths; each is loaded when it is first gone to. */
const VIEWS: RouteObject[] = [
  { index: true, element: <Navigate to="/operations" replace /> },
  {
    path: "operations",
    lazy: async () => ({ Component: (await import("../pages/operations/OperationsPage")).OperationsPage }),
  },
  {
    path: "operations/:id",
    lazy: async () => ({ Component: (await import("../pages/operation/OperationPage")).OperationPage }),
  },
  { path: "new", lazy: async () => ({ Component: (await import("../wizard/WizardPage")).WizardPage }) },
  {
    path: "schedules",
    lazy: async () => ({ Component: (await import("../pages/schedules/SchedulesPage")).SchedulesPage }),
  },
  {
    path: "schedules/:id",
    lazy: async () => ({ Component: (await import("../pages/schedules/SchedulePage")).SchedulePage }),
  },
  {
    path: "audit",
    lazy: async () => ({ Component: (await import("../pages/audit/AuditPage")).AuditPage }),
  },
  {
    path: "reconciliation",
    lazy: async () => ({ Component: (await import("../pages/reconciliation/ReconciliationPage")).ReconciliationPage }),
  },
  {
    path: "tenants",
    lazy: async () => ({ Component: (await import("../pages/tenants/TenantsPage")).TenantsPage }),
  },
  {
    path: "tenants/new",
    lazy: async () => ({ Component: (await import("../pages/tenants/NewTenantPage")).NewTenantPage }),
  },
  {
    path: "tenants/:id",
    lazy: async () => ({ Component: (await import("../pages/tenants/TenantPage")).TenantPage }),
  },
  {
    path: "prices",
    lazy: async () => ({ Component: (await import("../pages/prices/PricesPage")).PricesPage }),
  },
  { path: "*", element: <NotFound /> },
];

export const router = createBrowserRouter(
  [
    {
      element: <Shell />,
      errorElement: <Crashed />,
      hydrateFallbackElement: <Loading what="the page" />,
      children: [{ errorElement: <Crashed />, children: VIEWS }],
    },
  ],
  { basename: "/api/portal" },
);
