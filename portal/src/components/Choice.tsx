import { Field, makeStyles, Select } from "@fluentui/react-components";

const useStyles = makeStyles({
  // No wider than this for the sake of one long name.
  field: {
    minWidth: "180px",
    maxWidth: "320px",
    gridTemplateColumns: "minmax(0, 1fr)",
    "@media (max-width: 480px)": { width: "100%", maxWidth: "none" },
  },
});

interface ChoiceProps<T extends string> {
  label: string;
  /** What is said where nothing is chosen. */
  all: string;
  value: T | undefined;
  options: readonly { value: T; label: string }[];
  onChange: (value: T | undefined) => void;
}

/** A filter: one of some values, or all of them. */
export function Choice<T extends string>({ label, all, value, options, onChange }: ChoiceProps<T>) {
  const styles = useStyles();
  // A link may say what no option does, such as a tenant's domain: it counts, so it is shown.
  const isOption = value === undefined || options.some((option) => option.value === value);
  return (
    <Field label={label} className={styles.field}>
      <Select value={value ?? ""} onChange={(_, data) => onChange(options.find((o) => o.value === data.value)?.value)}>
        <option value="">{all}</option>
        {!isOption && <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </Select>
    </Field>
  );
}
