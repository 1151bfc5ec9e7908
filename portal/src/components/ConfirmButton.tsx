import { Field, Input } from "@fluentui/react-components";
import { type JSX, type ReactNode, useState } from "react";
import { AskButton, Question } from "./AskButton";

interface ConfirmButtonProps {
  label: string;
  icon: JSX.Element;
  /** What is asked. */
  title: string;
  /** What the button that does it is called. */
  confirm: string;
  /** What the button that does not is called. */
  dismiss?: string;
  /** What happens then. */
  children: ReactNode;
  /** What must be typed in before, where a click is too little. */
  typed?: string;
  onConfirm: () => Promise<unknown>;
}

/** A button that asks before it acts. */
export function ConfirmButton({ label, icon, ...asked }: ConfirmButtonProps) {
  return (
    <AskButton label={label} icon={icon}>
      {(close) => <Confirmation {...asked} onDone={close} />}
    </AskButton>
  );
}

type ConfirmationProps = Omit<ConfirmButtonProps, "label" | "icon"> & { onDone: () => void };

function Confirmation({ typed, children, ...asked }: ConfirmationProps) {
  const [text, setText] = useState("");
  const ready = typed === undefined || text.trim().toLowerCase() === typed.toLowerCase();
  return (
    <Question {...asked} ready={ready}>
      <div>{children}</div>
      {typed !== undefined && (
        <Field label={`Type ${typed} to confirm`}>
          <Input value={text} autoComplete="off" spellCheck={false} onChange={(_, data) => setText(data.value)} />
        </Field>
      )}
    </Question>
  );
}
