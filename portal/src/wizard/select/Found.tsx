import { Checkbox, makeStyles, Text, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  list: {
    listStyleType: "none",
    margin: 0,
    padding: 0,
    maxHeight: "280px",
    overflowY: "auto",
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
  },
  row: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) auto",
    alignItems: "center",
    gap: tokens.spacingHorizontalS,
    paddingRight: tokens.spacingHorizontalM,
    "&:not(:last-child)": { borderBottom: `1px solid ${tokens.colorNeutralStroke3}` },
  },
  label: { display: "flex", flexDirection: "column", minWidth: 0, overflowWrap: "anywhere" },
  remark: { display: "block", padding: tokens.spacingHorizontalM },
  about: { color: tokens.colorNeutralForeground3 },
  more: { whiteSpace: "nowrap", color: tokens.colorNeutralForeground2 },
});

export interface FoundItem {
  value: string;
  name: string;
  about: string;
  more?: string | undefined;
}

interface FoundProps {
  label: string;
  items: readonly FoundItem[];
  chosen: ReadonlySet<string>;
  onToggle: (value: string, on: boolean) => void;
  after?: ReactNode;
}

/** What a search found, to be ticked. */
export function Found({ label, items, chosen, onToggle, after }: FoundProps) {
  const styles = useStyles();
  return (
    <ul className={styles.list} aria-label={label}>
      {items.map(({ value, name, about, more }) => (
        <li key={value} className={styles.row}>
          <Checkbox
            checked={chosen.has(value)}
            onChange={(_, data) => onToggle(value, data.checked === true)}
            label={
              <span className={styles.label}>
                <span>{name}</span>
                <Text size={200} className={styles.about}>
                  {about}
                </Text>
              </span>
            }
          />
          {more && (
            <Text size={200} className={styles.more}>
              {more}
            </Text>
          )}
        </li>
      ))}
      {after && <li>{after}</li>}
    </ul>
  );
}

/** Stands in such a list in place of more of it. */
export function Remark({ children }: { children: string }) {
  const styles = useStyles();
  return <Text className={styles.remark}>{children}</Text>;
}
