import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
} from "@fluentui/react-components";
import type { Problem } from "../api/problem";
import { formatNumber } from "../format/format";

const useStyles = makeStyles({
  faults: { margin: 0, paddingLeft: "20px" },
  body: { overflowWrap: "anywhere" },
});

/** Faults shown at once; a CSV may have a hundred. */
const SHOWN = 12;

interface ProblemMessageProps {
  problem: Problem;
  onRetry?: () => void;
}

/** A refusal of the API in its own words: title, detail, and each fault with its place. */
export function ProblemMessage({ problem, onRetry }: ProblemMessageProps) {
  const styles = useStyles();
  const { faults } = problem;
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody className={styles.body}>
        <MessageBarTitle>{problem.title}</MessageBarTitle>
        {problem.detail}
        {faults.length > 0 && (
          <ul className={styles.faults}>
            {faults.slice(0, SHOWN).map((fault) => (
              <li key={`${fault.pointer}|${fault.line ?? ""}|${fault.detail}`}>
                {fault.line ? `Line ${fault.line}: ` : fault.pointer ? `${fault.pointer}: ` : ""}
                {fault.detail}
              </li>
            ))}
            {faults.length > SHOWN && <li>and {formatNumber(faults.length - SHOWN)} more</li>}
          </ul>
        )}
        {problem.correlationId && <div>Correlation id: {problem.correlationId}</div>}
      </MessageBarBody>
      {onRetry && (
        <MessageBarActions>
          <Button onClick={onRetry}>Try again</Button>
        </MessageBarActions>
      )}
    </MessageBar>
  );
}
