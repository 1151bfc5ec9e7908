import type { CsvFile } from "./model";

const MEGABYTE = 1024 * 1024;
/** What the API takes at most. */
export const MAX_CSV_BYTES = 20 * MEGABYTE;

/** The text of a file as Excel and others save it; null where it is no text (a workbook, say). */
export function textOf(bytes: Uint8Array): string | null {
  const marks: [string, number[]][] = [
    ["utf-8", [0xef, 0xbb, 0xbf]],
    ["utf-16le", [0xff, 0xfe]],
    ["utf-16be", [0xfe, 0xff]],
  ];
  for (const [encoding, mark] of marks) {
    if (mark.every((byte, n) => bytes[n] === byte)) return new TextDecoder(encoding).decode(bytes);
  }
  if (bytes.subarray(0, 4096).includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Sign-in names have no letters beyond ASCII, so a wrong guess here changes nothing that counts.
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** The names of a CSV's columns. */
export function columnsOf({ text }: CsvFile): string[] {
  const header = text.split(/\r\n|\r|\n/, 1)[0] ?? "";
  return header.split(/[,;\t]/).map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
}

export function hasColumn(file: CsvFile, name: string): boolean {
  return columnsOf(file).some((each) => each.toLowerCase() === name.toLowerCase());
}

/** How many lines follow the header; blank ones are none. */
export function rowsOf({ text }: CsvFile): number {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  return Math.max(lines.length - 1, 0);
}

/** A line as it stands in the file; the header is line 1. */
export function lineOf({ text }: CsvFile, line: number): string {
  return text.split(/\r\n|\r|\n/)[line - 1] ?? "";
}
