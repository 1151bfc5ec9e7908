import { MessageBar, MessageBarBody, makeStyles, Text, tokens } from "@fluentui/react-components";
import type { Impact } from "../../api/previews";
import type { Problem } from "../../api/problem";
import { Facts } from "../../components/Facts";
import { ProblemMessage } from "../../components/ProblemMessage";
import { SectionCard } from "../../components/SectionCard";
import { numberToConfirm, TypedConfirmation } from "../../components/TypedConfirmation";
import { KINDS } from "../../components/words";
import { formatCount, formatDateTime, formatMoney } from "../../format/format";
import { useDraft } from "../DraftContext";
import { type Draft, EVERY_TENANT } from "../draft/model";
import { useScope } from "../useScope";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL, maxWidth: "800px" },
});

interface ExecuteStepProps {
  impact: Impact;
  /** What must be typed; null where nothing need be. */
  confirm: number | null;
  typed: string;
  onTyped: (text: string) => void;
  problem: Problem | null;
}

type Fact = [name: string, value: string];

/** Step 4: the last look, and the confirmation where one is needed. */
export function ExecuteStep({ impact, confirm, typed, onTyped, problem }: ExecuteStepProps) {
  const styles = useStyles();
  const { draft } = useDraft();
  const { nameOf } = useScope();
  const { totalCost } = impact;
  const unlimited =
    draft.when.kind === "recurring" &&
    draft.when.maxChanges === null &&
    numberToConfirm(draft.kind, draft.scope.includes(EVERY_TENANT), impact.usersAffected) !== null;
  const cost: Fact[] = totalCost
    ? [["Change of monthly cost", formatMoney(totalCost.change, totalCost.currency, true)]]
    : [];
  const facts: Fact[] = [
    ["Operation", KINDS[draft.kind]],
    ["Tenants", draft.scope.map(nameOf).join(", ") || "those that the CSV names"],
    [
      "Users",
      `${formatCount(impact.usersAffected, "user")} will be changed, of ${formatCount(impact.usersSelected, "user")} selected`,
    ],
    ...cost,
    ["Starts", startOf(draft)],
    ["Reason", draft.reason.trim() || "none given"],
  ];
  return (
    <div className={styles.root}>
      <SectionCard title="Ready to start">
        <Facts facts={facts} />
        {draft.options.canary?.approve === "manual" && (
          <MessageBar layout="multiline">
            <MessageBarBody>
              {`After ${formatCount(draft.options.canary.users ?? 0, "user")} of each tenant it waits for an approval.`}
            </MessageBarBody>
          </MessageBar>
        )}
        {unlimited && (
          <MessageBar intent="warning" layout="multiline">
            <MessageBarBody>
              Nobody is there to confirm a run, so each one that changes more than 100 users would be refused: give the
              changes a run at most (Configure, When).
            </MessageBarBody>
          </MessageBar>
        )}
        {impact.usersAffected === 0 && <Text>Nobody will be changed: there is nothing to do.</Text>}
      </SectionCard>
      {confirm !== null && <TypedConfirmation expected={confirm} typed={typed} onTyped={onTyped} />}
      {problem && <ProblemMessage problem={problem} />}
    </div>
  );
}

function startOf({ when }: Draft): string {
  switch (when.kind) {
    case "now":
      return "now";
    case "once":
      return `${formatDateTime(new Date(when.at).toISOString())}, as the schedule “${when.name.trim()}”`;
    case "recurring":
      return `${when.frequency} at ${when.time} (${when.zone}), as the schedule “${when.name.trim()}”`;
  }
}
