/** What of the fields of a body is not as it was: all else stays as others may have changed it meanwhile. */
export function differing<T extends object>(now: T, before: T): Partial<T> {
  const fields = Object.entries(now) as [keyof T, unknown][];
  return Object.fromEntries(
    fields.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  ) as Partial<T>;
}
