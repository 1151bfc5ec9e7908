import type { components } from "./schema";

/** The resources of the API by the names of the product; the schema is made of the app's own openapi.json. */
type Schemas = components["schemas"];

export type AuditEntry = Schemas["AuditEntryBody"];
export type AuditedTenant = Schemas["AuditedTenant"];
export type Caller = Schemas["CallerResource"];
export type Chain = Schemas["ChainBody"];
export type ConsentLink = Schemas["ConsentLink"];
export type Fault = Schemas["Fault"];
export type HeldLicence = Schemas["HeldLicence"];
export type Operation = Schemas["OperationBody"];
export type OperationKind = Exclude<Operation["type"], "preview">;
export type OperationStatus = Operation["status"];
export type PriceBook = Schemas["PriceBookBody"];
export type Prices = Schemas["PricesResource"];
export type ProblemBody = Schemas["ProblemBody"];
export type Progress = Schemas["Progress"];
export type ReconciliationRow = Schemas["ReconciliationRow"];
export type RecordedState = Schemas["RecordedState"];
export type Recurrence = Schemas["RecurrenceResource"];
export type Run = Schemas["RunResource"];
export type Schedule = Schemas["ScheduleResource"];
export type SchedulePatch = Schemas["SchedulePatch"];
export type Tenant = Schemas["TenantResource"];
export type TenantFields = Schemas["TenantBody"];

/** A page of a list. */
export interface Page<T> {
  value: T[];
  nextLink: string | null;
}
