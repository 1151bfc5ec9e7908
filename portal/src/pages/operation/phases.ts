import type { Operation } from "../../api/types";

/** What is being done, in words. */
export const PHASES: Record<Operation["phase"], string> = {
  reading: "Reading the rows",
  resolving: "Finding the users",
  planning: "Planning each user",
  reserving: "Reserving seats",
  applying: "Changing users",
  settling: "Waiting for the last answers",
  done: "Done",
};
