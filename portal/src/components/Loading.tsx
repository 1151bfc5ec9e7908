import { makeStyles, Spinner, tokens } from "@fluentui/react-components";

const useStyles = makeStyles({ root: { padding: tokens.spacingVerticalXXXL } });

/** Stands where something is still being read; `what` completes "Loading …". */
export function Loading({ what }: { what: string }) {
  const styles = useStyles();
  const text = `Loading ${what} …`;
  // Until it shows its label, which it does with delay, it is named by its attribute.
  return <Spinner className={styles.root} label={text} aria-label={text} delay={200} />;
}
