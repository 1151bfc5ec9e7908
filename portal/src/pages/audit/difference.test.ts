import { describe, expect, it } from "vitest";
import type { AuditEntry, HeldLicence } from "../../api/types";
import { differencesOf, linesOf } from "./difference";

const held = (sku: string, disabledPlans: string[] = [], inherited = false): HeldLicence => ({
  sku,
  skuId: `id of ${sku}`,
  disabledPlans,
  inherited,
});

function entry(before: HeldLicence[], after: HeldLicence[], locations: [string | null, string | null] = ["DE", "DE"]) {
  return {
    before: { licenses: before, usageLocation: locations[0] },
    after: { licenses: after, usageLocation: locations[1] },
  } as AuditEntry;
}

describe("what an entry changed", () => {
  it("is told by licence, those that differ first", () => {
    const changed = entry([held("F1"), held("E3")], [held("F1"), held("E5")]);
    expect(differencesOf(changed).map(({ sku, kind }) => [sku, kind])).toEqual([
      ["E3", "removed"],
      ["E5", "added"],
      ["F1", "same"],
    ]);
    expect(linesOf(changed)).toEqual(["E3 removed", "E5 added"]);
  });

  it("tells a direct licence from one that a group gives", () => {
    expect(linesOf(entry([held("E5", [], true)], [held("E5", [], true), held("E5", ["TEAMS"])]))).toEqual(["E5 added"]);
  });

  it("names the service plans, in whatever order they were recorded", () => {
    expect(linesOf(entry([held("E5", ["A", "B"])], [held("E5", ["C", "B"])]))).toEqual([
      "E5: C switched off; A switched on",
    ]);
    expect(linesOf(entry([held("E5", ["A", "B"])], [held("E5", ["B", "A"])]))).toEqual([]);
  });

  it("names the usage location where it was set or cleared", () => {
    expect(linesOf(entry([], [], [null, "US"]))).toEqual(["Usage location US"]);
    expect(linesOf(entry([], [], ["US", null]))).toEqual(["Usage location cleared"]);
  });
});
