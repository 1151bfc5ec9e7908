import { Card, makeStyles, mergeClasses, Text, tokens, typographyStyles } from "@fluentui/react-components";
import { type ReactNode, useId } from "react";

const useStyles = makeStyles({
  card: { padding: tokens.spacingHorizontalL, gap: tokens.spacingVerticalM, overflow: "visible" },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  title: { ...typographyStyles.subtitle2, margin: 0, flexGrow: 1 },
  about: { color: tokens.colorNeutralForeground2, maxWidth: "80ch" },
});

interface SectionCardProps {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** A part of a view, on a card of its own. */
export function SectionCard({ title, about, actions, className, children }: SectionCardProps) {
  const styles = useStyles();
  const id = useId();
  return (
    <Card className={mergeClasses(styles.card, className)} role="region" aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {actions}
      </div>
      {about && <Text className={styles.about}>{about}</Text>}
      {children}
    </Card>
  );
}
