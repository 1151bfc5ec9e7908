import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { type JSX, type ReactNode, type SyntheticEvent, useState } from "react";
import { asProblem } from "../api/problem";
import { ProblemMessage } from "./ProblemMessage";

const useStyles = makeStyles({
  surface: { maxWidth: "720px" },
  content: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    paddingBottom: tokens.spacingVerticalS,
    overflowWrap: "anywhere",
  },
});

interface AskButtonProps {
  label: string;
  icon: JSX.Element;
  /** What is asked, as a `Question`; it begins anew each time. */
  children: (close: () => void) => ReactNode;
}

/** A button that asks something in a dialog. */
export function AskButton({ label, icon, children }: AskButtonProps) {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={(_, data) => setOpen(data.open)}>
      <DialogTrigger disableButtonEnhancement>
        <Button icon={icon}>{label}</Button>
      </DialogTrigger>
      <DialogSurface className={styles.surface}>{children(() => setOpen(false))}</DialogSurface>
    </Dialog>
  );
}

interface QuestionProps {
  title: string;
  children: ReactNode;
  /** What the button that does it is called. */
  confirm: string;
  /** What the button that does not is called. */
  dismiss?: string;
  /** Whether it can be done as things stand. */
  ready?: boolean;
  onConfirm: () => Promise<unknown>;
  onDone: () => void;
}

/** The inside of a dialog that does something once it is confirmed; what the API refuses is said where it was asked. */
export function Question({
  title,
  children,
  confirm,
  dismiss = "Cancel",
  ready = true,
  onConfirm,
  onDone,
}: QuestionProps) {
  const styles = useStyles();
  const doing = useMutation({ mutationFn: onConfirm, onSuccess: onDone });

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    // To React the dialog stands within the form that its button may be part of, which shall not be sent for it.
    event.stopPropagation();
    if (ready) doing.mutate();
  }

  return (
    // The API's own words say more of a fault than the browser's.
    <form onSubmit={submit} noValidate>
      <DialogBody>
        <DialogTitle>{title}</DialogTitle>
        <DialogContent className={styles.content}>
          {children}
          {doing.error && <ProblemMessage problem={asProblem(doing.error)} />}
        </DialogContent>
        <DialogActions>
          <DialogTrigger disableButtonEnhancement>
            <Button>{dismiss}</Button>
          </DialogTrigger>
          <Button type="submit" appearance="primary" disabled={!ready || doing.isPending}>
            {confirm}
          </Button>
        </DialogActions>
      </DialogBody>
    </form>
  );
}
