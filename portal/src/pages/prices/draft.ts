import type { PriceBook } from "../../api/types";

/** A price as it is typed in. */
export interface Row {
  key: number;
  sku: string;
  price: string;
}

/** A book as it is typed in. */
export interface Draft {
  currency: string;
  asOf: string;
  rows: readonly Row[];
}

export type Part = "sku" | "price";

export function draftOf({ currency, asOf, monthly }: PriceBook): Draft {
  const rows = Object.entries(monthly).map(([sku, price], key) => ({ key, sku, price: String(price) }));
  return { currency, asOf: asOf ?? "", rows };
}

export function withRow(draft: Draft): Draft {
  const key = Math.max(-1, ...draft.rows.map((row) => row.key)) + 1;
  return { ...draft, rows: [...draft.rows, { key, sku: "", price: "" }] };
}

export function withChange(draft: Draft, key: number, changed: Partial<Row>): Draft {
  return { ...draft, rows: draft.rows.map((row) => (row.key === key ? { ...row, ...changed } : row)) };
}

export function without(draft: Draft, key: number): Draft {
  return { ...draft, rows: draft.rows.filter((row) => row.key !== key) };
}

/** What the draft itself shows to be wrong, by row; the rest is the API's to say. */
export function faultsOf({ rows }: Draft): Map<number, Partial<Record<Part, string>>> {
  const faults = new Map<number, Partial<Record<Part, string>>>();
  const seen = new Set<string>();
  for (const { key, sku, price } of rows) {
    const name = sku.trim();
    const fault: Partial<Record<Part, string>> = {};
    if (name === "") fault.sku = "Name the SKU.";
    else if (seen.has(name)) fault.sku = "It has a price above.";
    if (price.trim() === "") fault.price = "Enter a price, 0 for what is free.";
    if (fault.sku || fault.price) faults.set(key, fault);
    seen.add(name);
  }
  return faults;
}

export function bookOf({ currency, asOf, rows }: Draft): PriceBook {
  const monthly = Object.fromEntries(rows.map(({ sku, price }) => [sku.trim(), Number(price)]));
  return { currency: currency.trim().toUpperCase(), monthly, asOf: asOf || null };
}

/** Where the API points to for a SKU's price (RFC 6901). */
export function pointerOf(book: string, sku: string): string {
  return `${book}/monthly/${sku.trim().replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
