import { Button } from "@fluentui/react-components";
import { ArrowRepeatAllRegular } from "@fluentui/react-icons/svg/arrow-repeat-all";
import { CheckmarkRegular } from "@fluentui/react-icons/svg/checkmark";
import { DismissRegular } from "@fluentui/react-icons/svg/dismiss";
import { PauseRegular } from "@fluentui/react-icons/svg/pause";
import { PlayRegular } from "@fluentui/react-icons/svg/play";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { steer, type Verb } from "../../api/operation";
import { isEnded } from "../../api/status";
import type { Operation, OperationStatus } from "../../api/types";
import { ConfirmButton } from "../../components/ConfirmButton";
import { useToast } from "../../components/useToast";
import { RevertDialog } from "./RevertDialog";

const PAUSABLE: ReadonlySet<OperationStatus> = new Set(["queued", "running", "waitingForWindow"]);
const RESUMABLE: ReadonlySet<OperationStatus> = new Set(["paused", "halted"]);

const DONE: Record<Verb, string> = {
  cancel: "It is being cancelled",
  pause: "It comes to rest after what was sent",
  resume: "It goes on",
  approve: "Approved, it goes on",
  retry: "Those that failed are tried again",
};

interface ActionsProps {
  operation: Operation;
  nameOf: (tenantId: string) => string;
}

/** What can be done with the operation as it stands. */
export function Actions({ operation, nameOf }: ActionsProps) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const toast = useToast();
  const { id, status, progress } = operation;
  const steering = useMutation({
    mutationFn: (verb: Verb) => steer(id, verb),
    onSuccess: (after, verb) => {
      toast.done(DONE[verb]);
      if (after.id !== id) void navigate(`/operations/${after.id}`);
      return client.invalidateQueries({ queryKey: ["operation", id] });
    },
    onError: (error) => {
      toast.refused("It was refused", error);
      return client.invalidateQueries({ queryKey: ["operation", id] });
    },
  });
  const does = (verb: Verb) => ({ disabled: steering.isPending, onClick: () => steering.mutate(verb) });
  const ended = isEnded(status);

  return (
    <>
      {status === "awaitingApproval" && (
        <Button appearance="primary" icon={<CheckmarkRegular />} {...does("approve")}>
          Approve
        </Button>
      )}
      {RESUMABLE.has(status) && (
        <Button appearance="primary" icon={<PlayRegular />} {...does("resume")}>
          Resume
        </Button>
      )}
      {PAUSABLE.has(status) && (
        <Button icon={<PauseRegular />} {...does("pause")}>
          Pause
        </Button>
      )}
      {!ended && status !== "cancelling" && (
        <ConfirmButton
          label="Cancel"
          icon={<DismissRegular />}
          title="Cancel the operation?"
          confirm="Cancel the operation"
          dismiss="Go back"
          onConfirm={() => steering.mutateAsync("cancel")}
        >
          What was sent is recorded and stays; the rest is left alone. A cancelled operation does not go on, but what it
          did can be reverted.
        </ConfirmButton>
      )}
      {ended && progress.failed > 0 && (
        <Button icon={<ArrowRepeatAllRegular />} {...does("retry")}>
          Retry what failed
        </Button>
      )}
      {ended && progress.succeeded > 0 && <RevertDialog operation={operation} nameOf={nameOf} />}
    </>
  );
}
