import { Field, Input, makeStyles } from "@fluentui/react-components";
import { formatCount } from "../format/format";
import { SectionCard } from "./SectionCard";

const useStyles = makeStyles({ field: { maxWidth: "320px" } });

/** From more affected users than this on, removals and operations on all tenants must be confirmed. */
const UNCONFIRMED = 100;

/** The number that must be typed before something starts; null where none need be. */
export function numberToConfirm(kind: string, onAll: boolean, affected: number): number | null {
  return (kind === "remove" || onAll) && affected > UNCONFIRMED ? affected : null;
}

interface TypedConfirmationProps {
  expected: number;
  typed: string;
  onTyped: (text: string) => void;
}

/** Asks to type the number of users that will be changed. */
export function TypedConfirmation({ expected, typed, onTyped }: TypedConfirmationProps) {
  const styles = useStyles();
  const wrong = typed.trim() !== "" && Number(typed) !== expected;
  return (
    <SectionCard title="Confirm">
      <Field
        className={styles.field}
        label={`Type ${expected} to change ${formatCount(expected, "user")}`}
        validationMessage={wrong ? `That is not ${expected}.` : null}
      >
        <Input value={typed} inputMode="numeric" autoComplete="off" onChange={(_, data) => onTyped(data.value)} />
      </Field>
    </SectionCard>
  );
}
