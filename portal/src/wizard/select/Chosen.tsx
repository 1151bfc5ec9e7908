import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons/svg/dismiss";
import { formatCount } from "../../format/format";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalXS },
  list: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalXS,
    listStyleType: "none",
    margin: 0,
    padding: 0,
  },
  item: {
    display: "flex",
    alignItems: "center",
    maxWidth: "100%",
    paddingLeft: tokens.spacingHorizontalS,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorBrandForeground2,
  },
  name: { minWidth: 0, overflowWrap: "anywhere" },
  more: { whiteSpace: "nowrap", paddingLeft: tokens.spacingHorizontalXS },
  remove: { color: tokens.colorBrandForeground2 },
  row: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalS },
});

/** Those shown at once; a pasted list may have thousands. */
const SHOWN = 30;

interface ChosenProps {
  label: string;
  /** What one is called, for the count. */
  what: string;
  items: readonly { value: string; label: string; more?: string | undefined }[];
  onRemove: (value: string) => void;
  onClear: () => void;
}

/** What was chosen, each with a way to take it out again. */
export function Chosen({ label, what, items, onRemove, onClear }: ChosenProps) {
  const styles = useStyles();
  if (items.length === 0) return null;
  return (
    <div className={styles.root}>
      <ul className={styles.list} aria-label={label}>
        {items.slice(0, SHOWN).map(({ value, label: name, more }) => (
          <li key={value} className={styles.item}>
            <span className={styles.name}>{name}</span>
            {more && <span className={styles.more}>· {more}</span>}
            <Button
              size="small"
              appearance="transparent"
              className={styles.remove}
              icon={<DismissRegular />}
              aria-label={`Remove ${name}`}
              onClick={() => onRemove(value)}
            />
          </li>
        ))}
      </ul>
      {items.length > 1 && (
        <div className={styles.row}>
          <Text size={200}>
            {formatCount(items.length, what)} chosen{items.length > SHOWN && `, of which ${SHOWN} are shown`}
          </Text>
          <Button size="small" appearance="subtle" onClick={onClear}>
            Clear
          </Button>
        </div>
      )}
    </div>
  );
}
