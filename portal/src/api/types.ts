import type { components } from "./schema";

/** The resources of the API by the names of the product; the schema is made of the app's own openapi.json. */
type Schemas = components["schemas"];

export type Caller = Schemas["CallerResource"];
export type Fault = Schemas["Fault"];
export type Operation = Schemas["OperationBody"];
export type OperationKind = Exclude<Operation["type"], "preview">;
export type OperationStatus = Operation["status"];
export type ProblemBody = Schemas["ProblemBody"];
export type Progress = Schemas["Progress"];
export type Tenant = Schemas["TenantResource"];

/** A page of a list. */
export interface Page<T> {
  value: T[];
  nextLink: string | null;
}
