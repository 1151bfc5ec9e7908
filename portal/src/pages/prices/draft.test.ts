import { describe, expect, it } from "vitest";
import { bookOf, draftOf, faultsOf, pointerOf, withChange, without, withRow } from "./draft";

const BOOK = { currency: "USD", asOf: "2026-07-01", monthly: { SPE_E3: 39, SPE_E5: 60.5 } };

describe("a price book that is typed in", () => {
  it("comes back as it was", () => {
    expect(bookOf(draftOf(BOOK))).toEqual(BOOK);
    expect(bookOf({ ...draftOf(BOOK), asOf: "", currency: " eur " })).toMatchObject({ currency: "EUR", asOf: null });
  });

  it("keeps its rows apart, whichever go and come", () => {
    const draft = withRow(without(draftOf(BOOK), 0));
    expect(draft.rows.map(({ key }) => key)).toEqual([1, 2]);
    expect(bookOf(withChange(draft, 2, { sku: "EMS ", price: "10.6" })).monthly).toEqual({ SPE_E5: 60.5, EMS: 10.6 });
  });

  it("shows what is missing or stands twice, row by row", () => {
    const draft = withRow(withRow(draftOf(BOOK)));
    const typed = withChange(draft, 2, { sku: " SPE_E5", price: "1" });
    expect([...faultsOf(typed)]).toEqual([
      [2, { sku: "It has a price above." }],
      [3, { sku: "Name the SKU.", price: "Enter a price, 0 for what is free." }],
    ]);
    expect(faultsOf(draftOf(BOOK)).size).toBe(0);
  });

  it("finds the API's faults also where a name has what pointers escape", () => {
    expect(pointerOf("/default", "a/b~c")).toBe("/default/monthly/a~1b~0c");
  });
});
