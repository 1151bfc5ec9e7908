import {
  Field,
  MessageBar,
  MessageBarBody,
  makeStyles,
  Radio,
  RadioGroup,
  Textarea,
  tokens,
} from "@fluentui/react-components";
import type { PlannedKind } from "../../api/operation";
import { SectionCard } from "../../components/SectionCard";
import { useDraft } from "../DraftContext";
import { namesSkus } from "../draft/request";
import { KindFields } from "./KindFields";
import { LocationFields } from "./LocationFields";
import { SafetyFields } from "./SafetyFields";
import { WhenFields } from "./WhenFields";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL, maxWidth: "1100px" },
});

const KINDS: readonly { value: PlannedKind; label: string }[] = [
  { value: "assign", label: "Assign licences" },
  { value: "remove", label: "Remove licences" },
  { value: "modify", label: "Modify: switch service plans, add, swap" },
  { value: "transfer", label: "Transfer from one licence to another" },
];

/** Step 2: what shall be done, how carefully, and when. */
export function ConfigureStep() {
  const styles = useStyles();
  const { draft, dispatch } = useDraft();
  return (
    <div className={styles.root}>
      <SectionCard title="Operation">
        <RadioGroup
          aria-label="Kind of operation"
          value={draft.kind}
          onChange={(_, data) => dispatch({ do: "set", change: { kind: data.value as PlannedKind } })}
        >
          {KINDS.map(({ value, label }) => (
            <Radio key={value} value={value} label={label} />
          ))}
        </RadioGroup>
        {namesSkus(draft) && (
          <MessageBar layout="multiline">
            <MessageBarBody>
              The rows of the CSV name licences themselves; what is chosen here counts for rows without one.
            </MessageBarBody>
          </MessageBar>
        )}
      </SectionCard>
      <KindFields />
      {draft.kind !== "remove" && <LocationFields />}
      <SafetyFields />
      <WhenFields />
      <SectionCard title="Reason">
        <Field label="Why it is done" hint="It stands in the audit of each change: a ticket number, say.">
          <Textarea
            value={draft.reason}
            maxLength={4000}
            resize="vertical"
            onChange={(_, data) => dispatch({ do: "set", change: { reason: data.value } })}
          />
        </Field>
      </SectionCard>
    </div>
  );
}
