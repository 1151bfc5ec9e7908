import { makeStyles, Text, tokens, typographyStyles } from "@fluentui/react-components";
import { ChevronRightRegular } from "@fluentui/react-icons/svg/chevron-right";
import { type ReactNode, useEffect, useRef } from "react";
import { useLocation, useNavigationType } from "react-router";
import { RouterLink } from "./RouterLink";

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
  about: { color: tokens.colorNeutralForeground2, maxWidth: "80ch", overflowWrap: "anywhere" },
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  way: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalXS, fontSize: tokens.fontSizeBase200 },
  arrow: { flexShrink: 0 },
  here: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
});

/** The list that a view is one of. */
export interface List {
  path: string;
  label: string;
}

interface PageHeaderProps {
  title: string;
  list?: List;
  /** One sentence on what the page is for. */
  about?: ReactNode;
  /** Buttons beside the title. */
  actions?: ReactNode;
}

/** The heading of a view; names the window, and takes the focus when the user came here by a link of the page. */
export function PageHeader({ title, list, about, actions }: PageHeaderProps) {
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
      {list && <Way list={list} here={title} />}
      <div className={styles.row}>
        <h1 ref={heading} tabIndex={-1} className={styles.title}>
          {title}
        </h1>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {about && <Text className={styles.about}>{about}</Text>}
    </div>
  );
}

/** The way back to the list that one came from, or may have. */
function Way({ list: { path, label }, here }: { list: List; here: string }) {
  const styles = useStyles();
  return (
    <nav aria-label="Breadcrumb" className={styles.way}>
      <RouterLink to={path}>{label}</RouterLink>
      <ChevronRightRegular aria-hidden className={styles.arrow} />
      <span aria-current="page" className={styles.here}>
        {here}
      </span>
    </nav>
  );
}
