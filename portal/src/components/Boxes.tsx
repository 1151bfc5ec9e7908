import { Checkbox, makeStyles, Text, tokens } from "@fluentui/react-components";

const useStyles = makeStyles({
  group: { margin: 0, padding: 0, border: "none", minWidth: 0 },
  legend: { padding: `${tokens.spacingVerticalXXS} 0` },
  fault: { color: tokens.colorPaletteRedForeground1 },
  boxes: { display: "flex", flexWrap: "wrap" },
});

interface BoxesProps<T extends string> {
  legend: string;
  all: Record<T, string>;
  chosen: readonly T[];
  fault?: string | undefined;
  onChange: (chosen: readonly T[]) => void;
}

/** Some of several values, each with a box. A `Field` is for one control: within it they would share an id and a label. */
export function Boxes<T extends string>({ legend, all, chosen, fault, onChange }: BoxesProps<T>) {
  const styles = useStyles();
  const values = Object.keys(all) as T[];
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{legend}</legend>
      <div className={styles.boxes}>
        {values.map((value) => (
          <Checkbox
            key={value}
            label={all[value]}
            checked={chosen.includes(value)}
            onChange={(_, { checked }) =>
              onChange(values.filter((each) => (each === value ? checked : chosen.includes(each))))
            }
          />
        ))}
      </div>
      {fault && (
        <Text role="alert" size={200} className={styles.fault}>
          {fault}
        </Text>
      )}
    </fieldset>
  );
}
