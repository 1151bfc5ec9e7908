import { Spinner, Text } from "@fluentui/react-components";
import { ArrowUndoRegular } from "@fluentui/react-icons/svg/arrow-undo";
import { useEffect } from "react";
import { useNavigate } from "react-router";
import { revert } from "../../api/operation";
import type { Preview } from "../../api/previews";
import type { Operation } from "../../api/types";
import { AskButton, Question } from "../../components/AskButton";
import { ProblemMessage } from "../../components/ProblemMessage";
import { usePreview } from "../../components/usePreview";
import { formatCount, formatNumber } from "../../format/format";
import { ChangeTable } from "../../impact/ChangeTable";

interface RevertDialogProps {
  operation: Operation;
  nameOf: (tenantId: string) => string;
}

/** Shows what undoing the operation would do, and does exactly that. */
export function RevertDialog(props: RevertDialogProps) {
  return (
    <AskButton label="Revert" icon={<ArrowUndoRegular />}>
      {(close) => <Undoing {...props} onDone={close} />}
    </AskButton>
  );
}

function Undoing({ operation: { id }, nameOf, onDone }: RevertDialogProps & { onDone: () => void }) {
  const navigate = useNavigate();
  const { preview, problem, ask, retry } = usePreview();
  useEffect(() => ask({ operation: "revert", operationId: id }), [ask, id]);
  const impact = preview?.status === "ready" ? preview.impact : null;

  async function undo() {
    if (preview === null) return;
    // What was shown is undone once, however often it is sent.
    const made = await revert(id, { previewId: preview.id }, preview.id);
    void navigate(`/operations/${made.id}`);
  }

  return (
    <Question
      title="Revert the operation?"
      confirm={impact ? `Revert ${formatCount(impact.usersAffected, "user")}` : "Revert"}
      ready={Boolean(impact?.usersAffected)}
      onConfirm={undo}
      onDone={onDone}
    >
      {problem ? <ProblemMessage problem={problem} onRetry={retry} /> : <Found preview={preview} nameOf={nameOf} />}
    </Question>
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
        {`${formatCount(usersAffected, "user")} of ${formatNumber(usersSelected)} will have again what they had before.`}
        {usersAffected < usersSelected && " Who was changed since is left alone."}
      </Text>
      <ChangeTable impact={preview.impact} nameOf={nameOf} />
    </>
  );
}
