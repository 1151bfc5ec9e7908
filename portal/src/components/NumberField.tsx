import { Field, Input, type InputProps } from "@fluentui/react-components";
import type { ReactNode } from "react";

interface NumberFieldProps {
  label: string;
  value: number | null;
  onChange: (value: number | null) => void;
  min?: number;
  max?: number;
  hint?: string;
  placeholder?: string;
  after?: ReactNode;
  className?: string;
}

/** A whole number, or nothing yet. */
export function NumberField({ label, value, onChange, min = 1, max, hint, after, ...rest }: NumberFieldProps) {
  const { className, placeholder } = rest;
  const input: InputProps = { type: "number", min, value: value === null ? "" : String(value) };
  if (max !== undefined) input.max = max;
  if (placeholder !== undefined) input.placeholder = placeholder;
  return (
    <Field label={label} hint={hint ?? null} {...(className ? { className } : {})}>
      <Input
        {...input}
        contentAfter={after ? { children: after, style: { whiteSpace: "nowrap" } } : null}
        onChange={(_, data) => onChange(numberIn(data.value, min, max))}
      />
    </Field>
  );
}

function numberIn(text: string, min: number, max = Number.MAX_SAFE_INTEGER): number | null {
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? null : Math.min(Math.max(value, min), max);
}
