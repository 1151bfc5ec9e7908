import { Field, Input, Select } from "@fluentui/react-components";
import { EditRegular } from "@fluentui/react-icons/svg/edit";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeSchedule, SCHEDULES } from "../../api/schedules";
import type { Schedule } from "../../api/types";
import { AskButton, Question } from "../../components/AskButton";
import { useFieldStyles } from "../../components/fieldStyles";
import { useToast } from "../../components/useToast";
import { RecurrenceFields } from "../../wizard/configure/WhenFields";
import { faultsOfWhen } from "../../wizard/draft/faults";
import type { WhenDraft } from "../../wizard/draft/model";
import { draftOf, patchOf } from "./change";

/** Changes when a schedule starts its operation, and what its runs are held to. What it does stays. */
export function EditSchedule({ schedule }: { schedule: Schedule }) {
  return (
    <AskButton label="Edit" icon={<EditRegular />}>
      {(close) => <Editing schedule={schedule} onDone={close} />}
    </AskButton>
  );
}

function Editing({ schedule, onDone }: { schedule: Schedule; onDone: () => void }) {
  const styles = useFieldStyles();
  const client = useQueryClient();
  const toast = useToast();
  // As it was when the form was opened: what others change meanwhile is no change of this user.
  const [before] = useState(() => draftOf(schedule));
  const [draft, setDraft] = useState(before);
  const { when, onMissed } = draft;
  const put = (change: Partial<WhenDraft>) => setDraft({ ...draft, when: { ...when, ...change } });
  const faults = faultsOfWhen(draft);

  async function save() {
    await changeSchedule(schedule.id, patchOf(draft, before, schedule));
    toast.done("The schedule was changed");
    await client.invalidateQueries({ queryKey: SCHEDULES });
  }

  return (
    <Question
      title="Edit the schedule"
      confirm="Save"
      ready={faults.length === 0 && draft !== before}
      onConfirm={save}
      onDone={onDone}
    >
      <div className={styles.row}>
        <Field label="Name of the schedule" className={styles.wide}>
          <Input value={when.name} maxLength={256} onChange={(_, data) => put({ name: data.value })} />
        </Field>
        {when.kind === "once" && (
          <Field label="Start" hint="In your own time zone.">
            <Input type="datetime-local" value={when.at} onChange={(_, data) => put({ at: data.value })} />
          </Field>
        )}
        <Field label="A time that was missed">
          <Select
            value={onMissed}
            onChange={(_, data) => setDraft({ ...draft, onMissed: data.value as Schedule["onMissed"] })}
          >
            <option value="runOnce">is made up for once</option>
            <option value="skip">is skipped</option>
          </Select>
        </Field>
      </div>
      {when.kind === "recurring" && (
        <RecurrenceFields when={when} put={put} leavers={schedule.operation === "assign"} />
      )}
      {faults.length > 0 && <div role="status">{faults.join(" ")}</div>}
    </Question>
  );
}
