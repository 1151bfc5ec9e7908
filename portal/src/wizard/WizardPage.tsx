import { Button, MessageBar, MessageBarBody, MessageBarTitle, makeStyles, tokens } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useMemo, useReducer, useState } from "react";
import { useNavigate } from "react-router";
import { start } from "../api/operation";
import { asProblem } from "../api/problem";
import { PageHeader } from "../components/PageHeader";
import { numberToConfirm } from "../components/TypedConfirmation";
import { usePreview } from "../components/usePreview";
import { useToast } from "../components/useToast";
import { ConfigureStep } from "./configure/ConfigureStep";
import { DraftContext } from "./DraftContext";
import { faultsOfChange, faultsOfSelection } from "./draft/faults";
import { type Draft, EVERY_TENANT, emptyDraft } from "./draft/model";
import { reduce } from "./draft/reducer";
import { bodyOf, executeBodyOf, previewRequestOf } from "./draft/request";
import { ExecuteStep } from "./execute/ExecuteStep";
import { ReviewStep } from "./review/ReviewStep";
import { type Step, Steps } from "./Steps";
import { SelectStep } from "./select/SelectStep";
import { useScope } from "./useScope";
import { useWhom } from "./useWhom";

const useStyles = makeStyles({
  faults: { marginBottom: tokens.spacingVerticalL },
  list: { margin: 0, paddingLeft: "20px" },
  foot: {
    position: "sticky",
    bottom: `calc(-1 * ${tokens.spacingVerticalXXL})`,
    display: "flex",
    gap: tokens.spacingHorizontalM,
    marginTop: tokens.spacingVerticalL,
    marginLeft: `calc(-1 * ${tokens.spacingHorizontalL})`,
    marginRight: `calc(-1 * ${tokens.spacingHorizontalL})`,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    backgroundColor: tokens.colorNeutralBackground3,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    zIndex: 2,
  },
});

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A new operation: select, configure, review, execute; then its own page shows how it goes. */
export function WizardPage() {
  const [draft, dispatch] = useReducer(reduce, ZONE, emptyDraft);
  const drafting = useMemo(() => ({ draft, dispatch }), [draft]);
  return (
    <DraftContext value={drafting}>
      <Wizard draft={draft} />
    </DraftContext>
  );
}

const ABOUT = [
  "Choose whose licences change.",
  "Say what shall be done, and how carefully.",
  "See what it will do. Nothing is changed yet.",
  "The last look before it starts.",
] as const;
const NEXT = ["Next: configure", "Next: review", "Next: execute", ""] as const;

function Wizard({ draft }: { draft: Draft }) {
  const styles = useStyles();
  const navigate = useNavigate();
  const toast = useToast();
  const { nameOf } = useScope();
  const [step, setStep] = useState<Step>(0);
  const [tried, setTried] = useState(false);
  const [typed, setTyped] = useState("");
  const count = useWhom();
  const previewing = usePreview();
  const { asked, ask } = previewing;
  const request = useMemo(() => previewRequestOf(draft), [draft]);
  const preview = asked === request ? previewing.preview : null;
  const recurring = draft.when.kind === "recurring";

  const starting = useMutation({
    mutationFn: () => {
      const body = preview && (recurring ? bodyOf(draft) : executeBodyOf(draft, preview.id, confirm));
      if (!body) throw new Error("there is no preview to execute");
      // What was reviewed starts once, however often it is sent.
      return start(draft.kind, body, preview.id);
    },
    onSuccess: (made) => {
      if ("progress" in made) return void navigate(`/operations/${made.id}`);
      toast.done(`“${made.name}” is scheduled`);
      void navigate(`/schedules/${made.id}`);
    },
  });

  useEffect(() => {
    if (step === 2 && request && asked !== request) ask(request);
  }, [step, request, asked, ask]);

  const impact = preview?.status === "ready" ? preview.impact : null;
  const confirm =
    impact && !recurring ? numberToConfirm(draft.kind, draft.scope.includes(EVERY_TENANT), impact.usersAffected) : null;
  const nothingToDo = !recurring && impact?.usersAffected === 0;
  const confirmed = confirm === null || Number(typed.trim() || Number.NaN) === confirm;

  const faults = step === 0 ? selectionFaults() : step === 1 ? faultsOfChange(draft) : [];

  function selectionFaults(): string[] {
    const found = faultsOfSelection(draft, nameOf);
    return found.length === 0 && count.state === "refused"
      ? ["The selection is refused: beside it stands why."]
      : found;
  }

  function go(to: Step) {
    setTried(false);
    setTyped("");
    starting.reset();
    setStep(to);
    // What is new begins at the top.
    document.querySelector<HTMLElement>("h1")?.focus();
  }

  function next() {
    if (faults.length > 0) setTried(true);
    else go((step + 1) as Step);
  }

  return (
    <>
      <PageHeader title="New operation" about={ABOUT[step]} />
      <Steps at={step} />
      {tried && faults.length > 0 && (
        <MessageBar intent="error" layout="multiline" role="alert" className={styles.faults}>
          <MessageBarBody>
            <MessageBarTitle>Before you go on</MessageBarTitle>
            <ul className={styles.list}>
              {faults.map((fault) => (
                <li key={fault}>{fault}</li>
              ))}
            </ul>
          </MessageBarBody>
        </MessageBar>
      )}
      {step === 0 && <SelectStep count={count} />}
      {step === 1 && <ConfigureStep />}
      {step === 2 && (
        <ReviewStep
          preview={preview}
          problem={asked === request ? previewing.problem : null}
          onRetry={previewing.retry}
        />
      )}
      {step === 3 && impact && (
        <ExecuteStep
          impact={impact}
          confirm={confirm}
          typed={typed}
          onTyped={setTyped}
          problem={starting.error ? asProblem(starting.error) : null}
        />
      )}
      <div className={styles.foot}>
        {step > 0 && <Button onClick={() => go((step - 1) as Step)}>Back</Button>}
        {step < 3 ? (
          <Button appearance="primary" disabled={step === 2 && impact === null} onClick={next}>
            {NEXT[step]}
          </Button>
        ) : (
          <Button
            appearance="primary"
            disabled={!confirmed || starting.isPending || nothingToDo}
            onClick={() => starting.mutate()}
          >
            {starting.isPending ? "Starting …" : draft.when.kind === "now" ? "Start it" : "Schedule it"}
          </Button>
        )}
        <Button appearance="subtle" onClick={() => void navigate("/operations")}>
          Cancel
        </Button>
      </div>
    </>
  );
}
