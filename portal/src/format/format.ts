/** Dates, numbers and money as the user's own locale writes them. */
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const dateOnly = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const month = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: "UTC" });
const longDateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const list = new Intl.ListFormat(undefined, { type: "conjunction" });
const number = new Intl.NumberFormat();
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const percentage = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const signed = new Intl.NumberFormat(undefined, { signDisplay: "exceptZero" });

/** What stands where there is nothing to show. */
export const NOTHING = "–";

export function formatDateTime(iso: string | null | undefined): string {
  return iso ? dateTime.format(new Date(iso)) : NOTHING;
}

export function formatDate(iso: string | null | undefined): string {
  return iso ? dateOnly.format(new Date(iso)) : NOTHING;
}

/** A time with its weekday. */
export function formatLongDateTime(iso: string): string {
  return longDateTime.format(new Date(iso));
}

/** A day of the calendar, such as 2026-07-01, which is the same day everywhere. */
export function formatDay(date: string | null | undefined): string {
  return date ? day.format(new Date(date)) : NOTHING;
}

/** A month such as 2026-11. */
export function formatMonth(text: string): string {
  return month.format(new Date(`${text}-01`));
}

/** "a, b and c". */
export function formatList(texts: readonly string[]): string {
  return list.format(texts);
}

export function formatNumber(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : number.format(value);
}

/** A speed or another measure, with at most one digit behind the point. */
export function formatMeasure(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : oneDigit.format(value);
}

/** `percent` of 100. */
export function formatPercent(percent: number): string {
  return percentage.format(percent / 100);
}

/** A change, with its sign. */
export function formatChange(value: number): string {
  return signed.format(value);
}

/** An amount in its currency; `change` shows a plus too. */
export function formatMoney(value: number | null | undefined, currency: string, change = false): string {
  if (value === null || value === undefined) return NOTHING;
  const signDisplay = change ? "exceptZero" : "auto";
  return new Intl.NumberFormat(undefined, { style: "currency", currency, signDisplay }).format(value);
}

/** "1 user", "250 users". */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}

/** A span of time in the two units that say most: "40 s", "5 min", "2 h 5 min". */
export function formatSpan(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
