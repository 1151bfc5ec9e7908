import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  tokens,
} from "@fluentui/react-components";

const useStyles = makeStyles({ root: { marginBottom: tokens.spacingVerticalL } });

interface RestoredProps {
  /** The name of a CSV that was not kept with it. */
  lost: string | null;
  onStartOver: () => void;
}

/** Says that the wizard goes on with a draft from before. */
export function Restored({ lost, onStartOver }: RestoredProps) {
  const styles = useStyles();
  return (
    <MessageBar intent={lost === null ? "info" : "warning"} layout="multiline" className={styles.root}>
      <MessageBarBody>
        <MessageBarTitle>Your draft is back as you left it.</MessageBarTitle>
        {lost === null
          ? "It is kept in this tab until you start it, cancel it or sign out."
          : `Only “${lost}” was too large to be kept: choose the file again.`}
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={onStartOver}>Start over</Button>
      </MessageBarActions>
    </MessageBar>
  );
}
