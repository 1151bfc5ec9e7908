import { makeStyles, tokens } from "@fluentui/react-components";

/** Fields beside each other; inputs and lists take the width of their field, whatever stands in them. */
export const useFieldStyles = makeStyles({
  row: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    "& select": { width: "100%", minWidth: 0 },
  },
  narrow: { width: "160px", "& input": { width: "100%", minWidth: 0 } },
  wide: { width: "320px" },
  pair: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 320px) minmax(0, 320px) 32px",
    gap: tokens.spacingHorizontalM,
    alignItems: "end",
    "& select": { width: "100%", minWidth: 0 },
  },
  left: { alignSelf: "flex-start" },
});
