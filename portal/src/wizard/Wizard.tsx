import { Button, MessageBar, MessageBarBody, MessageBarTitle, makeStyles, tokens } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { start } from "../api/operation";
import { asProblem } from "../api/problem";
import { PageHeader } from "../components/PageHeader";
import { numberToConfirm } from "../components/TypedConfirmation";
import { usePreview } from "../components/usePreview";
import { useToast } from "../components/useToast";
import { ConfigureStep } from "./configure/ConfigureStep";
import { useDraft } from "./DraftContext";
import { faultsOfChange, faultsOfSelection } from "./draft/faults";
import { EVERY_TENANT } from "./draft/model";
import { bodyOf, executeBodyOf, previewRequestOf } from "./draft/request";
import { forgetDraft } from "./draft/stored";
import { ExecuteStep } from "./execute/ExecuteStep";
import { ReviewStep } from "./review/ReviewStep";
import { type Step, Steps } from "./Steps";
import { SelectStep } from "./select/SelectStep";
import { useScope } from "./useScope";
import { useStep } from "./useStep";
import { useWhom } from "./useWhom";

const useStyles = makeStyles({
  faults: { marginBottom: tokens.spacingVerticalL },
  list: { margin: 0, paddingLeft: "20px" },
  foot: {
    position: "sticky",
    bottom: `calc(-1 * ${tokens.spacingVerticalXXL})`,
    display: "flex",
    flexWrap: "wrap",
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

const ABOUT = [
  "Choose whose licences change.",
  "Say what is to be done, and how carefully.",
  "See what it will do. Nothing is changed yet.",
  "The last look before it starts.",
] as const;
const NEXT = ["Next: configure", "Next: review", "Next: execute", ""] as const;

/** The steps of a draft, up to its start; `notice` stands above the first of them. */
export function Wizard({ notice }: { notice: ReactNode }) {
  const styles = useStyles();
  const navigate = useNavigate();
  const toast = useToast();
  const { draft } = useDraft();
  const { nameOf } = useScope();
  const [tried, setTried] = useState(false);
  const [typed, setTyped] = useState("");
  const count = useWhom();
  const previewing = usePreview();
  const { asked, ask } = previewing;
  const request = useMemo(() => previewRequestOf(draft), [draft]);
  const preview = asked === request ? previewing.preview : null;
  const impact = preview?.status === "ready" ? preview.impact : null;
  const recurring = draft.when.kind === "recurring";

  const unselected = faultsOfSelection(draft, nameOf);
  const unconfigured = faultsOfChange(draft);
  const [step, go] = useStep(unselected.length > 0 ? 0 : unconfigured.length > 0 ? 1 : impact === null ? 2 : 3);
  const refused = count.state === "refused" ? ["The selection is refused: beside it stands why."] : [];
  const faults = step === 0 ? [...unselected, ...refused] : step === 1 ? unconfigured : [];

  const confirm =
    impact && !recurring ? numberToConfirm(draft.kind, draft.scope.includes(EVERY_TENANT), impact.usersAffected) : null;
  const nothingToDo = !recurring && impact?.usersAffected === 0;
  const confirmed = confirm === null || Number(typed.trim() || Number.NaN) === confirm;
  const starting = useMutation({
    mutationFn: () => {
      const body = preview && (recurring ? bodyOf(draft) : executeBodyOf(draft, preview.id, confirm));
      if (!body) throw new Error("There is no preview to execute.");
      // What was reviewed starts once, however often it is sent.
      return start(draft.kind, body, preview.id);
    },
    onSuccess: (made) => {
      forgetDraft();
      if ("progress" in made) return void navigate(`/operations/${made.id}`);
      toast.done(`“${made.name}” is scheduled`);
      void navigate(`/schedules/${made.id}`);
    },
  });

  useEffect(() => {
    if (step >= 2 && request && asked !== request) ask(request);
  }, [step, request, asked, ask]);

  const { reset } = starting;
  const before = useRef(step);
  useEffect(() => {
    if (before.current === step) return;
    before.current = step;
    setTried(false);
    setTyped("");
    reset();
    // What is new begins at the top.
    document.querySelector<HTMLElement>("h1")?.focus();
  }, [step, reset]);

  function next() {
    if (faults.length > 0) setTried(true);
    else go((step + 1) as Step);
  }

  function cancel() {
    forgetDraft();
    void navigate("/operations");
  }

  return (
    <>
      <PageHeader title="New operation" about={ABOUT[step]} />
      <Steps at={step} />
      {notice}
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
            {starting.isPending ? "Starting …" : draft.when.kind === "now" ? "Start" : "Schedule"}
          </Button>
        )}
        <Button appearance="subtle" onClick={cancel}>
          Cancel
        </Button>
      </div>
    </>
  );
}
