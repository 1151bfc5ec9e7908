import { Button } from "@fluentui/react-components";
import { DeleteRegular } from "@fluentui/react-icons/svg/delete";
import { PauseRegular } from "@fluentui/react-icons/svg/pause";
import { PlayRegular } from "@fluentui/react-icons/svg/play";
import { PlayCircleRegular } from "@fluentui/react-icons/svg/play-circle";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { changeSchedule, deleteSchedule, runSchedule, SCHEDULES, scheduleQuery } from "../../api/schedules";
import type { Schedule } from "../../api/types";
import { ConfirmButton } from "../../components/ConfirmButton";
import { useToast } from "../../components/useToast";
import { KINDS } from "../../components/words";
import { EditSchedule } from "./EditSchedule";
import { stateOf } from "./words";

/** What can be done with a schedule. */
export function ScheduleActions({ schedule }: { schedule: Schedule }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const toast = useToast();
  // Sent again after an answer that was lost, it starts nothing twice.
  const [key] = useState(() => crypto.randomUUID());
  const switching = useMutation({
    mutationFn: (enabled: boolean) => changeSchedule(schedule.id, { enabled }),
    onSuccess(changed) {
      client.setQueryData(scheduleQuery(schedule.id).queryKey, changed);
      toast.done(changed.enabled ? "The schedule goes on" : "The schedule is paused");
    },
    onError: (error) => toast.refused("The schedule stays as it is", error),
  });

  async function run() {
    const operation = await runSchedule(schedule.id, key);
    toast.done("The operation was started");
    void client.invalidateQueries({ queryKey: SCHEDULES });
    void navigate(`/operations/${operation.id}`);
  }

  async function remove() {
    const undoing = await deleteSchedule(schedule.id);
    toast.done("The schedule was deleted");
    client.removeQueries({ queryKey: scheduleQuery(schedule.id).queryKey });
    void client.invalidateQueries({ queryKey: [...SCHEDULES, "list"] });
    void navigate(undoing ? `/operations/${undoing}` : "/schedules");
  }

  const state = stateOf(schedule);
  return (
    <>
      {state === "active" && (
        <Button icon={<PauseRegular />} disabled={switching.isPending} onClick={() => switching.mutate(false)}>
          Pause
        </Button>
      )}
      {state === "paused" && (
        <Button icon={<PlayRegular />} disabled={switching.isPending} onClick={() => switching.mutate(true)}>
          Enable
        </Button>
      )}
      {state !== "over" && <EditSchedule schedule={schedule} />}
      <ConfirmButton
        label="Run now"
        icon={<PlayCircleRegular />}
        title="Run this schedule now?"
        confirm="Run now"
        onConfirm={run}
      >
        {KINDS[schedule.operation]} starts at once, for the users whom the schedule means now. Its own times stay as
        they are.
      </ConfirmButton>
      <ConfirmButton
        label="Delete"
        icon={<DeleteRegular />}
        title="Delete this schedule?"
        confirm="Delete"
        onConfirm={remove}
      >
        “{schedule.name}” starts nothing any more. What it did stays as it is, and so do its operations. Where it was to
        end a grace period, the grace ends now, and service plans that were switched off come on again.
      </ConfirmButton>
    </>
  );
}
