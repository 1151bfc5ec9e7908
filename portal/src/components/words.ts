import type { OperationKind } from "../api/types";

/** What kinds of operations are called; a preview is one that ends before its first write, and no list has it. */
export const KINDS: Record<OperationKind | "preview", string> = {
  assign: "Assign",
  remove: "Remove",
  modify: "Modify",
  transfer: "Transfer",
  revert: "Revert",
  preview: "Preview",
};

/** The kinds that lists may be narrowed to. */
export const LISTED_KINDS: readonly OperationKind[] = ["assign", "remove", "modify", "transfer", "revert"];
