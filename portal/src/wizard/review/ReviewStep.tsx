import {
  Button,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Spinner,
  tokens,
} from "@fluentui/react-components";
import type { Preview } from "../../api/previews";
import type { Problem } from "../../api/problem";
import { labelOfCode } from "../../components/codes";
import { ProblemMessage } from "../../components/ProblemMessage";
import { SectionCard } from "../../components/SectionCard";
import { formatDateTime } from "../../format/format";
import { ImpactView } from "../../impact/ImpactView";
import { useDraft } from "../DraftContext";
import { bodyOf } from "../draft/request";
import { useScope } from "../useScope";
import { PlanTable } from "./PlanTable";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  wait: { padding: tokens.spacingVerticalXXXL },
  frame: { maxHeight: "320px", overflow: "auto", backgroundColor: tokens.colorNeutralBackground3 },
  code: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
});

interface ReviewStepProps {
  /** Null until it was asked for. */
  preview: Preview | null;
  problem: Problem | null;
  onRetry: () => void;
}

/** Step 3: what it will do, before anything is done. */
export function ReviewStep({ preview, problem, onRetry }: ReviewStepProps) {
  const styles = useStyles();
  if (problem) return <ProblemMessage problem={problem} onRetry={onRetry} />;
  if (preview === null || preview.status === "computing") {
    return <Spinner className={styles.wait} label="Working out what it will do. Nothing is changed …" />;
  }
  return (
    <div className={styles.root}>
      <Refusals preview={preview} />
      {preview.status !== "ready" && (
        <div>
          <Button onClick={onRetry}>Work it out again</Button>
        </div>
      )}
      {preview.impact && <Ready preview={preview} />}
    </div>
  );
}

function Refusals({ preview }: { preview: Preview }) {
  const { nameOf } = useScope();
  return preview.tenants.map(
    ({ tenantId, error }) =>
      error && (
        <MessageBar key={tenantId} intent="error" layout="multiline" role="alert">
          <MessageBarBody>
            <MessageBarTitle>{`${nameOf(tenantId)}: ${labelOfCode(error.code)}`}</MessageBarTitle>
            {error.message}
          </MessageBarBody>
        </MessageBar>
      ),
  );
}

function Ready({ preview }: { preview: Preview }) {
  const styles = useStyles();
  const { nameOf } = useScope();
  const { draft } = useDraft();
  if (preview.impact === null) return null;
  return (
    <>
      <ImpactView impact={preview.impact} nameOf={nameOf} />
      <SectionCard
        title="Each user"
        about={
          draft.when.kind === "recurring"
            ? "As it would be done now. Each run finds its users anew."
            : `Exactly this is done, until ${formatDateTime(preview.expiresAt)}; who was changed meanwhile is left alone.`
        }
      >
        <PlanTable preview={preview} nameOf={nameOf} />
      </SectionCard>
      <SectionCard title="The same by script" about={`POST /api/automation/bulk-licenses/${draft.kind}`}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
        <section className={styles.frame} tabIndex={0} aria-label="The request as JSON">
          <pre className={styles.code}>{shortened(bodyOf(draft))}</pre>
        </section>
      </SectionCard>
    </>
  );
}

const LONGEST_TEXT = 400;
const LONGEST_LIST = 20;

/** The request as people read it: of a long CSV or list its beginning. */
function shortened(body: unknown): string {
  const short = (_: string, value: unknown): unknown => {
    if (typeof value === "string" && value.length > LONGEST_TEXT) return `${value.slice(0, LONGEST_TEXT)}…`;
    if (Array.isArray(value) && value.length > LONGEST_LIST) return [...value.slice(0, LONGEST_LIST), "…"];
    return value;
  };
  return JSON.stringify(body, short, 2);
}
