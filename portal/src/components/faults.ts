import { asProblem } from "../api/problem";

/** What the API found wrong with the field at a pointer, or within it; undefined where nothing is. */
export function faultAt(error: unknown, pointer: string): string | undefined {
  if (!error) return undefined;
  return asProblem(error).faults.find((each) => each.pointer === pointer || each.pointer.startsWith(`${pointer}/`))
    ?.detail;
}
