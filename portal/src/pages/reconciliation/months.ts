/** Months as the API names them, 2026-11, in UTC. */
const MONTH = /^2\d{3}-(0[1-9]|1[0-2])$/;

export function isMonth(text: string): boolean {
  return MONTH.test(text);
}

/** The month that is now. */
export function currentMonth(): string {
  return new Date().toISOString().slice(0, 7);
}

/** The month so many months after another one. */
export function monthAfter(month: string, months: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + months)).toISOString().slice(0, 7);
}

/** So many months up to the current one, the latest first, with `shown` among them. */
export function monthsWith(shown: string, count: number): string[] {
  const latest = currentMonth();
  const months = Array.from({ length: count }, (_, index) => monthAfter(latest, -index));
  return months.includes(shown) ? months : [...months, shown].sort().reverse();
}
