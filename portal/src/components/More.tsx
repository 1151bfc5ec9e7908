import { Button, makeStyles, tokens } from "@fluentui/react-components";

const useStyles = makeStyles({
  root: { display: "flex", justifyContent: "center", padding: tokens.spacingVerticalL },
});

interface MoreProps {
  /** A query of pages. */
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
  label: string;
}

/** Fetches the next page of a list; stands below it while there is one. */
export function More({ query, label }: MoreProps) {
  const styles = useStyles();
  if (!query.hasNextPage) return null;
  return (
    <div className={styles.root}>
      <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {query.isFetchingNextPage ? "Loading …" : label}
      </Button>
    </div>
  );
}
