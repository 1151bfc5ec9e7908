import { makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import { CheckmarkRegular } from "@fluentui/react-icons/svg/checkmark";

/** The five steps of an operation; the last one is a page of its own, which stays. */
export const STEPS = ["Select", "Configure", "Review", "Execute", "Monitor"] as const;
export type Step = 0 | 1 | 2 | 3;

const NARROW = "(max-width: 600px)";

const useStyles = makeStyles({
  list: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalS,
    listStyleType: "none",
    margin: `0 0 ${tokens.spacingVerticalL}`,
    padding: 0,
  },
  step: { position: "relative", display: "flex", alignItems: "center", gap: tokens.spacingHorizontalS },
  line: {
    [`@media ${NARROW}`]: { width: "12px" },
    width: "32px",
    height: "1px",
    backgroundColor: tokens.colorNeutralStroke1,
  },
  number: {
    display: "grid",
    placeItems: "center",
    width: "24px",
    height: "24px",
    borderRadius: "50%",
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
  // On a narrow screen only the step that one is at has a name for the eye; the others keep theirs for the ear.
  other: {
    [`@media ${NARROW}`]: {
      position: "absolute",
      width: "1px",
      height: "1px",
      overflow: "hidden",
      clipPath: "inset(50%)",
    },
  },
  here: {
    backgroundColor: tokens.colorBrandBackground,
    color: tokens.colorNeutralForegroundOnBrand,
    border: `1px solid ${tokens.colorBrandBackground}`,
  },
});

/** Where one is on the way from the selection to the running operation. */
export function Steps({ at }: { at: number }) {
  const styles = useStyles();
  return (
    <nav aria-label="Steps">
      <ol className={styles.list}>
        {STEPS.map((name, n) => (
          <li key={name} className={styles.step} aria-current={n === at ? "step" : undefined}>
            {n > 0 && <span className={styles.line} />}
            <span className={mergeClasses(styles.number, n <= at && styles.here)} aria-hidden>
              {n < at ? <CheckmarkRegular fontSize={14} /> : n + 1}
            </span>
            <Text weight={n === at ? "semibold" : "regular"} className={n === at ? "" : styles.other}>
              {name}
            </Text>
          </li>
        ))}
      </ol>
    </nav>
  );
}
