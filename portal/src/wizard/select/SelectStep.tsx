import { Checkbox, makeStyles, Radio, RadioGroup, Switch, Text, tokens } from "@fluentui/react-components";
import { SectionCard } from "../../components/SectionCard";
import { useDraft } from "../DraftContext";
import type { SelectedBy, SelectionDraft } from "../draft/model";
import { namesTenants } from "../draft/request";
import { useScope } from "../useScope";
import type { Count } from "../useWhom";
import { CountPanel } from "./CountPanel";
import { CsvDrop } from "./CsvDrop";
import { FilterBuilder } from "./FilterBuilder";
import { GroupPicker } from "./GroupPicker";
import { TenantPicker } from "./TenantPicker";
import { UserPicker } from "./UserPicker";

const useStyles = makeStyles({
  root: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) 300px",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    "@media (max-width: 1100px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  main: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  side: { position: "sticky", top: 0 },
  ways: { flexWrap: "wrap", "& label": { whiteSpace: "nowrap" } },
  checks: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalL },
});

const WAYS: readonly { value: SelectedBy; label: string }[] = [
  { value: "group", label: "Members of groups" },
  { value: "filter", label: "By a filter" },
  { value: "csv", label: "CSV file" },
  { value: "users", label: "People one by one" },
];

/** Step 1: the tenants, the users that are meant, and who of them is excluded. */
export function SelectStep({ count }: { count: Count }) {
  const styles = useStyles();
  const { draft, dispatch } = useDraft();
  const { people } = draft;
  return (
    <div className={styles.root}>
      <div className={styles.main}>
        <SectionCard title="Tenants">
          <TenantPicker />
        </SectionCard>
        <SectionCard title="Users">
          <Ways
            label="How the users are chosen"
            ways={WAYS}
            by={people.by}
            onBy={(by) => dispatch({ do: "people", change: { by } })}
          />
          {people.by === "csv" ? (
            <CsvDrop count={count} />
          ) : (
            <By selection={people} onChange={(change) => dispatch({ do: "people", change })} />
          )}
          {(people.by === "group" || people.by === "filter") && (
            <div className={styles.checks}>
              <Checkbox
                label="Guests too"
                checked={draft.guests}
                onChange={(_, data) => dispatch({ do: "set", change: { guests: data.checked === true } })}
              />
              <Checkbox
                label="Accounts whose sign-in is blocked too"
                checked={draft.disabled}
                onChange={(_, data) => dispatch({ do: "set", change: { disabled: data.checked === true } })}
              />
            </div>
          )}
        </SectionCard>
        <Exclusions />
      </div>
      <div className={styles.side}>
        <CountPanel count={count} />
      </div>
    </div>
  );
}

function Exclusions() {
  const { draft, dispatch } = useDraft();
  const allowed = !namesTenants(draft);
  return (
    <SectionCard title="Exclusions" about="Accounts that a tenant protects are always excluded.">
      {!allowed && <Text>Where the rows name their tenants, leave out whom you do not mean from the file itself.</Text>}
      {allowed && (
        <Switch
          label="Exclude some of them"
          checked={draft.excluding}
          onChange={(_, data) => dispatch({ do: "set", change: { excluding: data.checked } })}
        />
      )}
      {allowed && draft.excluding && (
        <>
          <Ways
            label="How they are chosen"
            ways={WAYS.filter(({ value }) => value !== "csv")}
            by={draft.excluded.by}
            onBy={(by) => dispatch({ do: "excluded", change: { by } })}
          />
          <By selection={draft.excluded} onChange={(change) => dispatch({ do: "excluded", change })} />
        </>
      )}
    </SectionCard>
  );
}

interface WaysProps {
  label: string;
  ways: readonly { value: SelectedBy; label: string }[];
  by: SelectedBy;
  onBy: (by: SelectedBy) => void;
}

function Ways({ label, ways, by, onBy }: WaysProps) {
  const styles = useStyles();
  const { wide } = useScope();
  return (
    <RadioGroup
      className={styles.ways}
      aria-label={label}
      layout="horizontal"
      value={by}
      onChange={(_, data) => onBy(data.value as SelectedBy)}
    >
      {ways.map((way) => (
        <Radio key={way.value} value={way.value} label={way.label} disabled={way.value === "users" && wide} />
      ))}
    </RadioGroup>
  );
}

interface ByProps {
  selection: SelectionDraft;
  onChange: (change: Partial<SelectionDraft>) => void;
}

function By({ selection, onChange }: ByProps) {
  switch (selection.by) {
    case "group":
      return <GroupPicker selection={selection} onChange={onChange} />;
    case "filter":
      return <FilterBuilder filter={selection.filter} onChange={(filter) => onChange({ filter })} />;
    case "users":
      return <UserPicker users={selection.users} onChange={(users) => onChange({ users })} />;
    case "csv":
      return null;
  }
}
