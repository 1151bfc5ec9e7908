import { Checkbox, Field, Input, Radio, RadioGroup, Select } from "@fluentui/react-components";
import { useFieldStyles } from "../../components/fieldStyles";
import { NumberField } from "../../components/NumberField";
import { SectionCard } from "../../components/SectionCard";
import { useDraft } from "../DraftContext";
import type { WhenDraft } from "../draft/model";
import { DayBoxes, ZoneField } from "./SafetyFields";

/** Now, once later, or again and again. */
export function WhenFields() {
  const styles = useFieldStyles();
  const { draft, dispatch } = useDraft();
  const { when } = draft;
  const put = (change: Partial<WhenDraft>) => dispatch({ do: "when", change });
  return (
    <SectionCard title="When">
      <RadioGroup
        aria-label="When it starts"
        layout="horizontal"
        value={when.kind}
        onChange={(_, data) => put({ kind: data.value as WhenDraft["kind"] })}
      >
        <Radio value="now" label="Now" />
        <Radio value="once" label="Once, later" />
        <Radio value="recurring" label="Recurring" />
      </RadioGroup>
      {when.kind !== "now" && (
        <div className={styles.row}>
          <Field label="Name of the schedule" className={styles.wide}>
            <Input value={when.name} maxLength={256} onChange={(_, data) => put({ name: data.value })} />
          </Field>
          {when.kind === "once" && (
            <Field label="Start" hint="In your own time zone, at most 30 days ahead.">
              <Input type="datetime-local" value={when.at} onChange={(_, data) => put({ at: data.value })} />
            </Field>
          )}
        </div>
      )}
      {when.kind === "recurring" && <RecurrenceFields when={when} put={put} leavers={draft.kind === "assign"} />}
    </SectionCard>
  );
}

const UNITS: Record<WhenDraft["frequency"], string> = { daily: "days", weekly: "weeks", monthly: "months" };

interface RecurrenceFieldsProps {
  when: WhenDraft;
  put: (change: Partial<WhenDraft>) => void;
  leavers: boolean;
}

/** When it starts again and again, and what its runs are held to. */
export function RecurrenceFields({ when, put, leavers }: RecurrenceFieldsProps) {
  const styles = useFieldStyles();
  return (
    <>
      <div className={styles.row}>
        <Field label="How often">
          <Select
            value={when.frequency}
            onChange={(_, data) => put({ frequency: data.value as WhenDraft["frequency"] })}
          >
            <option value="daily">Daily</option>
            <option value="weekly">Weekly</option>
            <option value="monthly">Monthly</option>
          </Select>
        </Field>
        <NumberField
          label="Every"
          className={styles.narrow}
          max={366}
          after={UNITS[when.frequency]}
          value={when.interval}
          onChange={(interval) => put({ interval })}
        />
        {when.frequency === "weekly" && <DayBoxes label="On" days={when.days} onChange={(days) => put({ days })} />}
        {when.frequency === "monthly" && (
          <NumberField
            label="Day of the month"
            className={styles.narrow}
            max={31}
            value={when.dayOfMonth}
            onChange={(dayOfMonth) => put({ dayOfMonth })}
            hint="31 is always the last one."
          />
        )}
        <Field label="At">
          <Input type="time" value={when.time} onChange={(_, data) => put({ time: data.value })} />
        </Field>
        <ZoneField zone={when.zone} onChange={(zone) => put({ zone })} />
        <NumberField
          label="Changes a run at most"
          className={styles.narrow}
          min={0}
          placeholder="no limit"
          value={when.maxChanges}
          onChange={(maxChanges) => put({ maxChanges })}
          hint="More of them: the run halts."
        />
      </div>
      {leavers && (
        <Checkbox
          label="Take back what this schedule gave from who is no longer selected"
          checked={when.removeLeavers}
          onChange={(_, data) => put({ removeLeavers: data.checked === true })}
        />
      )}
    </>
  );
}
