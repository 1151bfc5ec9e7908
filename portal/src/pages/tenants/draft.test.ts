import { describe, expect, it } from "vitest";
import type { Tenant } from "../../api/types";
import { changesOf, draftOf, NEW } from "./draft";

const TENANT: Tenant = {
  tenantId: "1",
  domains: ["contoso.com"],
  displayName: "Contoso",
  enabled: true,
  tags: ["gold", "emea"],
  credential: "default",
  consent: "granted",
  defaultUsageLocation: "DE",
  protectedUsers: ["a@contoso.com", "b@contoso.com"],
  drops: ["assign"],
  notify: { url: "https://example.com/hook", on: ["halted"] },
};

describe("a tenant that is typed in", () => {
  it("sends nothing where nothing was changed", () => {
    expect(changesOf(draftOf(TENANT), draftOf(TENANT))).toEqual({});
    expect(changesOf(NEW, NEW)).toEqual({});
  });

  it("sends what was changed and nothing else", () => {
    const before = draftOf(TENANT);
    expect(changesOf({ ...before, tags: "gold , , silver" }, before)).toEqual({ tags: ["gold", "silver"] });
    expect(changesOf({ ...before, protectedUsers: "a@contoso.com\n\n" }, before)).toEqual({
      protectedUsers: ["a@contoso.com"],
    });
    expect(changesOf({ ...before, defaultUsageLocation: "us" }, before)).toEqual({ defaultUsageLocation: "US" });
  });

  it("takes away what was cleared", () => {
    const before = draftOf(TENANT);
    expect(changesOf({ ...before, defaultUsageLocation: " ", notifyUrl: "" }, before)).toEqual({
      defaultUsageLocation: null,
      notify: null,
    });
  });
});
