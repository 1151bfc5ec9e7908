import { makeStyles, Text, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  root: {
    display: "flex",
    flexDirection: "column",
    alignItems: "center",
    textAlign: "center",
    gap: tokens.spacingVerticalS,
    padding: `${tokens.spacingVerticalXXXL} ${tokens.spacingHorizontalL}`,
    color: tokens.colorNeutralForeground2,
  },
  text: { maxWidth: "560px", overflowWrap: "anywhere" },
});

interface EmptyProps {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Stands where there is nothing to show: says so, why, and what can be done. */
export function Empty({ title, children, action }: EmptyProps) {
  const styles = useStyles();
  return (
    <div className={styles.root}>
      <Text weight="semibold" size={400}>
        {title}
      </Text>
      {children && <Text className={styles.text}>{children}</Text>}
      {action}
    </div>
  );
}
