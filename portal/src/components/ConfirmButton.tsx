import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  Field,
  Input,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { type JSX, type ReactNode, type SyntheticEvent, useState } from "react";
import { asProblem } from "../api/problem";
import { ProblemMessage } from "./ProblemMessage";

const useStyles = makeStyles({
  content: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM, overflowWrap: "anywhere" },
});

interface ConfirmButtonProps {
  label: string;
  icon: JSX.Element;
  /** What is asked. */
  title: string;
  /** What the button that does it is called. */
  confirm: string;
  /** What happens then. */
  children: ReactNode;
  /** What must be typed in before, where a click is too little. */
  typed?: string;
  onConfirm: () => Promise<unknown>;
}

/** A button that asks before it acts; what the API refuses is said where it was asked. */
export function ConfirmButton({ label, icon, ...asked }: ConfirmButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={(_, data) => setOpen(data.open)}>
      <DialogTrigger disableButtonEnhancement>
        <Button icon={icon}>{label}</Button>
      </DialogTrigger>
      <DialogSurface>
        <Question {...asked} onDone={() => setOpen(false)} />
      </DialogSurface>
    </Dialog>
  );
}

type QuestionProps = Omit<ConfirmButtonProps, "label" | "icon"> & { onDone: () => void };

function Question({ title, confirm, children, typed, onConfirm, onDone }: QuestionProps) {
  const styles = useStyles();
  const [text, setText] = useState("");
  const doing = useMutation({ mutationFn: onConfirm, onSuccess: onDone });
  const ready = typed === undefined || text.trim().toLowerCase() === typed.toLowerCase();

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    // To React the dialog stands within the form that its button may be part of, which shall not be sent for it.
    event.stopPropagation();
    if (ready) doing.mutate();
  }

  return (
    <form onSubmit={submit}>
      <DialogBody>
        <DialogTitle>{title}</DialogTitle>
        <DialogContent className={styles.content}>
          <div>{children}</div>
          {typed !== undefined && (
            <Field label={`Type ${typed} to confirm`}>
              <Input value={text} autoComplete="off" spellCheck={false} onChange={(_, data) => setText(data.value)} />
            </Field>
          )}
          {doing.error && <ProblemMessage problem={asProblem(doing.error)} />}
        </DialogContent>
        <DialogActions>
          <DialogTrigger disableButtonEnhancement>
            <Button>Keep it as it is</Button>
          </DialogTrigger>
          <Button type="submit" appearance="primary" disabled={!ready || doing.isPending}>
            {confirm}
          </Button>
        </DialogActions>
      </DialogBody>
    </form>
  );
}
