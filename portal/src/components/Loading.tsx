import { makeStyles, Spinner, tokens } from "@fluentui/react-components";

const useStyles = makeStyles({ root: { padding: tokens.spacingVerticalXXXL } });

/** Stands where something is still being read; `what` completes "Loading …". */
export function Loading({ what }: { what: string }) {
  const styles = useStyles();
  return <Spinner className={styles.root} label={`Loading ${what} …`} delay={200} />;
}
