import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  Spinner,
  Text,
  tokens,
} from "@fluentui/react-components";
import { ArrowUndoRegular } from "@fluentui/react-icons/svg/arrow-undo";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { revert } from "../../api/operation";
import type { Preview } from "../../api/previews";
import { asProblem } from "../../api/problem";
import type { Operation } from "../../api/types";
import { ProblemMessage } from "../../components/ProblemMessage";
import { usePreview } from "../../components/usePreview";
import { formatCount } from "../../format/format";
import { ChangeTable } from "../../impact/ChangeTable";

const useStyles = makeStyles({
  surface: { maxWidth: "720px" },
  content: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    paddingBottom: tokens.spacingVerticalM,
  },
});

interface RevertDialogProps {
  operation: Operation;
  nameOf: (tenantId: string) => string;
}

/** Shows what undoing the operation would do, and does exactly that. */
export function RevertDialog({ operation, nameOf }: RevertDialogProps) {
  const styles = useStyles();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const { preview, problem, ask, retry } = usePreview();
  const reverting = useMutation({
    // What was shown is undone once, however often it is sent.
    mutationFn: (previewId: string) => revert(operation.id, { previewId }, previewId),
    onSuccess: (made) => void navigate(`/operations/${made.id}`),
  });

  function begin() {
    reverting.reset();
    ask({ operation: "revert", operationId: operation.id });
    setOpen(true);
  }

  const impact = preview?.status === "ready" ? preview.impact : null;
  return (
    <>
      <Button icon={<ArrowUndoRegular />} onClick={begin}>
        Revert
      </Button>
      <Dialog open={open} onOpenChange={(_, data) => setOpen(data.open)}>
        <DialogSurface className={styles.surface}>
          <DialogBody>
            <DialogTitle>Revert the operation?</DialogTitle>
            <DialogContent className={styles.content}>
              {problem && <ProblemMessage problem={problem} onRetry={retry} />}
              {!problem && <Found preview={preview} nameOf={nameOf} />}
              {reverting.error && <ProblemMessage problem={asProblem(reverting.error)} />}
            </DialogContent>
            <DialogActions>
              <Button onClick={() => setOpen(false)}>Leave it</Button>
              <Button
                appearance="primary"
                disabled={!preview || !impact?.usersAffected || reverting.isPending}
                onClick={() => preview && reverting.mutate(preview.id)}
              >
                {impact ? `Revert ${formatCount(impact.usersAffected, "user")}` : "Revert"}
              </Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </>
  );
}

function Found({ preview, nameOf }: { preview: Preview | null; nameOf: (tenantId: string) => string }) {
  if (preview === null || preview.status === "computing") {
    return <Spinner label="Working out what it would undo. Nothing is changed …" />;
  }
  if (preview.impact === null) {
    const why = preview.tenants.map(({ error }) => error?.message).filter(Boolean);
    return <Text>{why.join(" ") || "It cannot be worked out any more."}</Text>;
  }
  const { usersAffected, usersSelected } = preview.impact;
  return (
    <>
      <Text>
        {`${formatCount(usersAffected, "user")} of ${usersSelected} will have again what they had before.`}
        {usersAffected < usersSelected && " Who was changed since is left alone."}
      </Text>
      <ChangeTable impact={preview.impact} nameOf={nameOf} />
    </>
  );
}
