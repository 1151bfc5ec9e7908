import { makeStyles, Text, tokens, typographyStyles } from "@fluentui/react-components";
import { type ReactNode, useEffect, useRef } from "react";
import { useLocation, useNavigationType } from "react-router";

const useStyles = makeStyles({
  root: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalXS,
    marginBottom: tokens.spacingVerticalL,
  },
  row: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  title: {
    ...typographyStyles.title2,
    margin: 0,
    flexGrow: 1,
    overflowWrap: "anywhere",
    "&:focus": { outline: "none" },
  },
  about: { color: tokens.colorNeutralForeground2, maxWidth: "80ch" },
});

interface PageHeaderProps {
  title: string;
  /** One sentence on what the page is for. */
  about?: ReactNode;
  /** Buttons beside the title. */
  actions?: ReactNode;
}

/** The heading of a view; names the window, and takes the focus when the user came here by a link of the page. */
export function PageHeader({ title, about, actions }: PageHeaderProps) {
  const styles = useStyles();
  const heading = useRef<HTMLHeadingElement>(null);
  const arrived = useNavigationType() === "PUSH";
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: each path is an arrival, also where the view stays
  useEffect(() => {
    if (arrived) heading.current?.focus();
  }, [arrived, pathname]);
  return (
    <div className={styles.root}>
      <title>{`${title} – Bulk licences`}</title>
      <div className={styles.row}>
        <h1 ref={heading} tabIndex={-1} className={styles.title}>
          {title}
        </h1>
        {actions}
      </div>
      {about && <Text className={styles.about}>{about}</Text>}
    </div>
  );
}
