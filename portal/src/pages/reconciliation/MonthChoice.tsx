import { Button, Field, makeStyles, Select, tokens } from "@fluentui/react-components";
import { ChevronLeftRegular } from "@fluentui/react-icons/svg/chevron-left";
import { ChevronRightRegular } from "@fluentui/react-icons/svg/chevron-right";
import { formatMonth } from "../../format/format";
import { currentMonth, isMonth, monthAfter, monthsWith } from "./months";

const OFFERED = 36;

const useStyles = makeStyles({
  root: { display: "flex", alignItems: "end", gap: tokens.spacingHorizontalXS },
  field: { minWidth: "180px" },
});

interface MonthChoiceProps {
  value: string;
  onChange: (month: string) => void;
}

/** One of the last years' months, or the one before or after. */
export function MonthChoice({ value, onChange }: MonthChoiceProps) {
  const styles = useStyles();
  const known = isMonth(value);
  return (
    <div className={styles.root}>
      <Button
        appearance="subtle"
        icon={<ChevronLeftRegular />}
        aria-label="The month before"
        disabled={!known}
        onClick={() => onChange(monthAfter(value, -1))}
      />
      <Field label="Month" className={styles.field}>
        <Select value={value} onChange={(_, data) => onChange(data.value)}>
          {monthsWith(value, OFFERED).map((month) => (
            <option key={month} value={month}>
              {isMonth(month) ? formatMonth(month) : month}
            </option>
          ))}
        </Select>
      </Field>
      <Button
        appearance="subtle"
        icon={<ChevronRightRegular />}
        aria-label="The month after"
        disabled={!known || value >= currentMonth()}
        onClick={() => onChange(monthAfter(value, 1))}
      />
    </div>
  );
}
