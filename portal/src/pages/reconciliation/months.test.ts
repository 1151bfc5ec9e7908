import { describe, expect, it } from "vitest";
import { currentMonth, isMonth, monthAfter, monthsWith } from "./months";

describe("months", () => {
  it("follow each other across the turn of a year", () => {
    expect(monthAfter("2026-12", 1)).toBe("2027-01");
    expect(monthAfter("2026-01", -1)).toBe("2025-12");
    expect(monthAfter("2026-03", -15)).toBe("2024-12");
  });

  it("are only what the API takes for one", () => {
    expect(["2026-11", "2026-13", "2026-1", "x"].map(isMonth)).toEqual([true, false, false, false]);
  });

  it("are offered from the current one back, with the one that is shown", () => {
    expect(monthsWith(currentMonth(), 3)).toEqual([0, -1, -2].map((months) => monthAfter(currentMonth(), months)));
    expect(monthsWith("2020-02", 3).at(-1)).toBe("2020-02");
    expect(monthsWith("2020-02", 3)).toHaveLength(4);
  });
});
