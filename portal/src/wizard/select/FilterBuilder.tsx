import { Button, Field, Input, makeStyles, Select, Text, Textarea, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { DeleteRegular } from "@fluentui/react-icons/svg/delete";
import { asProblem } from "../../api/problem";
import {
  type FilterDraft,
  type FilterRow,
  kindOf,
  newRow,
  OPERATORS,
  type Operator,
  odataOf,
  operatorsOf,
  PROPERTIES,
  type PropertyName,
} from "../draft/filter";
import { useLicences } from "../useLicences";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  rows: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
  row: {
    display: "grid",
    gridTemplateColumns: "minmax(120px, 200px) minmax(110px, 140px) minmax(120px, 260px) 32px",
    gap: tokens.spacingHorizontalS,
    alignItems: "center",
    "& > *": { minWidth: 0 },
    "@media (max-width: 700px)": {
      gridTemplateColumns: "minmax(0, 1fr) minmax(0, 1fr) 32px",
      "& > :nth-child(3)": { gridColumn: "1 / span 2", gridRow: 2 },
    },
  },
  actions: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  code: {
    display: "block",
    padding: tokens.spacingHorizontalS,
    fontFamily: tokens.fontFamilyMonospace,
    backgroundColor: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusMedium,
    overflowWrap: "anywhere",
    minHeight: "20px",
  },
  field: { maxWidth: "520px" },
});

interface FilterBuilderProps {
  filter: FilterDraft;
  onChange: (filter: FilterDraft) => void;
}

/** A filter made of rows, with the OData text that they are; or that text written by hand. */
export function FilterBuilder({ filter, onChange }: FilterBuilderProps) {
  const styles = useStyles();
  const byHand = filter.text !== null;
  const odata = odataOf(filter);
  return (
    <div className={styles.root}>
      {byHand ? (
        <Field label="OData filter" hint="Properties and operators of Microsoft Graph's $filter on users.">
          <Textarea
            value={filter.text ?? ""}
            onChange={(_, data) => onChange({ ...filter, text: data.value })}
            resize="vertical"
          />
        </Field>
      ) : (
        <>
          <Rows filter={filter} onChange={onChange} />
          <div>
            <Text size={200}>As it is sent ($filter)</Text>
            <code className={styles.code}>{odata || "no condition yet"}</code>
          </div>
        </>
      )}
      <div className={styles.actions}>
        {byHand ? (
          <Button size="small" onClick={() => onChange({ ...filter, text: null })}>
            Back to the conditions
          </Button>
        ) : (
          <Button size="small" onClick={() => onChange({ ...filter, text: odata })}>
            Write it by hand
          </Button>
        )}
      </div>
      <Held filter={filter} onChange={onChange} />
    </div>
  );
}

function Rows({ filter, onChange }: FilterBuilderProps) {
  const styles = useStyles();
  const { rows } = filter;
  const put = (n: number, row: FilterRow) =>
    onChange({ ...filter, rows: rows.map((old, at) => (at === n ? row : old)) });
  return (
    <div className={styles.rows}>
      {[...rows.entries()].map(([n, row]) => (
        <Row
          key={n}
          n={n}
          row={row}
          onChange={(changed) => put(n, changed)}
          onRemove={() => onChange({ ...filter, rows: rows.filter((_, at) => at !== n) })}
        />
      ))}
      <div className={styles.actions}>
        <Button
          size="small"
          icon={<AddRegular />}
          onClick={() => onChange({ ...filter, rows: [...rows, newRow("department")] })}
        >
          Add a condition
        </Button>
        {rows.length > 1 && (
          <Select
            size="small"
            aria-label="How conditions are joined"
            value={filter.join}
            onChange={(_, data) => onChange({ ...filter, join: data.value as FilterDraft["join"] })}
          >
            <option value="and">All of them hold</option>
            <option value="or">Any of them holds</option>
          </Select>
        )}
      </div>
    </div>
  );
}

interface RowProps {
  n: number;
  row: FilterRow;
  onChange: (row: FilterRow) => void;
  onRemove: () => void;
}

function Row({ n, row, onChange, onRemove }: RowProps) {
  const styles = useStyles();
  const at = n + 1;
  return (
    <div className={styles.row}>
      <Select
        aria-label={`Property of condition ${at}`}
        value={row.property}
        onChange={(_, data) => onChange(newRow(data.value as PropertyName))}
      >
        {PROPERTIES.map(({ name, label }) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </Select>
      <Select
        aria-label={`Comparison of condition ${at}`}
        value={row.operator}
        onChange={(_, data) => onChange({ ...row, operator: data.value as Operator })}
      >
        {operatorsOf(row.property).map((operator) => (
          <option key={operator} value={operator}>
            {OPERATORS[operator]}
          </option>
        ))}
      </Select>
      {kindOf(row.property) === "yes" ? (
        <Select
          aria-label={`Value of condition ${at}`}
          value={row.value}
          onChange={(_, data) => onChange({ ...row, value: data.value })}
        >
          <option value="true">yes</option>
          <option value="false">no</option>
        </Select>
      ) : (
        <Input
          aria-label={`Value of condition ${at}`}
          value={row.value}
          placeholder="Value"
          onChange={(_, data) => onChange({ ...row, value: data.value })}
        />
      )}
      <Button
        appearance="subtle"
        icon={<DeleteRegular />}
        aria-label={`Remove condition ${at}`}
        title="Remove"
        onClick={onRemove}
      />
    </div>
  );
}

function Held({ filter, onChange }: FilterBuilderProps) {
  const styles = useStyles();
  const { licences, error } = useLicences();
  return (
    <Field
      label="And who holds"
      className={styles.field}
      validationMessage={error === null ? null : asProblem(error).detail}
    >
      <Select value={filter.licensed} onChange={(_, data) => onChange({ ...filter, licensed: data.value })}>
        <option value="">any licence or none</option>
        <option value="none">no licence at all</option>
        {licences.map(({ sku, name }) => (
          <option key={sku} value={sku}>
            {name}
          </option>
        ))}
      </Select>
    </Field>
  );
}
