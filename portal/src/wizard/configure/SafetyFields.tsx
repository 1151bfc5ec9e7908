import { Field, Input, makeStyles, Select, Switch, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { Boxes } from "../../components/Boxes";
import { useFieldStyles } from "../../components/fieldStyles";
import { NumberField } from "../../components/NumberField";
import { SectionCard } from "../../components/SectionCard";
import { useDraft } from "../DraftContext";
import { DAYS, type Day, type OptionsDraft } from "../draft/model";

const useStyles = makeStyles({
  block: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalXS },
  row: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    paddingLeft: "48px",
    "& select": { width: "100%", minWidth: 0 },
  },
});

/** What keeps the operation in check: seats, conflicts, canary, stop rule, hours, a limit of users. */
export function SafetyFields() {
  const fields = useFieldStyles();
  const { draft, dispatch } = useDraft();
  const { canary, stop, partial, disableConflicting, maxUsers } = draft.options;
  const put = (change: Partial<OptionsDraft>) => dispatch({ do: "options", change });
  return (
    <SectionCard title="Safety">
      <div className={fields.row}>
        <Field label="If there are too few seats">
          <Select
            value={partial ? "partial" : "fail"}
            onChange={(_, data) => put({ partial: data.value === "partial" })}
          >
            <option value="fail">do nothing in that tenant</option>
            <option value="partial">give out those that are left</option>
          </Select>
        </Field>
        <Field label="If service plans conflict">
          <Select
            value={disableConflicting ? "disable" : "skip"}
            onChange={(_, data) => put({ disableConflicting: data.value === "disable" })}
          >
            <option value="skip">leave that licence out</option>
            <option value="disable">switch the conflicting service plans off</option>
          </Select>
        </Field>
        <NumberField
          label="Users at most"
          className={fields.narrow}
          placeholder="no limit"
          value={maxUsers}
          onChange={(value) => put({ maxUsers: value })}
        />
      </div>
      <Block
        label="Try it on a few users first"
        on={canary !== null}
        onToggle={(on) => put({ canary: on ? { users: 10, approve: "manual" } : null })}
      >
        {canary && (
          <>
            <NumberField
              label="Users of each tenant"
              className={fields.narrow}
              max={10_000}
              value={canary.users}
              onChange={(users) => put({ canary: { ...canary, users } })}
            />
            <Field label="Then">
              <Select
                value={canary.approve}
                onChange={(_, data) => put({ canary: { ...canary, approve: data.value as "manual" | "auto" } })}
              >
                <option value="manual">wait for somebody's approval</option>
                <option value="auto">go on if none of them failed</option>
              </Select>
            </Field>
          </>
        )}
      </Block>
      <Block
        label="Stop when too many fail"
        on={stop !== null}
        onToggle={(on) => put({ stop: on ? { percent: 20, minimum: 25 } : null })}
      >
        {stop && (
          <>
            <NumberField
              label="Percent that failed"
              className={fields.narrow}
              max={100}
              value={stop.percent}
              onChange={(percent) => put({ stop: { ...stop, percent } })}
            />
            <NumberField
              label="Of at least"
              className={fields.narrow}
              value={stop.minimum}
              onChange={(minimum) => put({ stop: { ...stop, minimum } })}
              hint="finished users"
            />
          </>
        )}
      </Block>
      <Hours />
    </SectionCard>
  );
}

function Hours() {
  const { draft, dispatch } = useDraft();
  const { window } = draft.options;
  const put = (changed: OptionsDraft["window"]) => dispatch({ do: "options", change: { window: changed } });
  return (
    <Block
      label="Work only within certain hours"
      on={window !== null}
      onToggle={(on) =>
        put(on ? { days: ["saturday", "sunday"], from: "22:00", to: "05:00", zone: draft.when.zone } : null)
      }
    >
      {window && (
        <>
          <DayBoxes label="Days" days={window.days} onChange={(days) => put({ ...window, days })} />
          <Field label="From">
            <Input type="time" value={window.from} onChange={(_, data) => put({ ...window, from: data.value })} />
          </Field>
          <Field label="To">
            <Input type="time" value={window.to} onChange={(_, data) => put({ ...window, to: data.value })} />
          </Field>
          <ZoneField zone={window.zone} onChange={(zone) => put({ ...window, zone })} />
        </>
      )}
    </Block>
  );
}

interface BlockProps {
  label: string;
  on: boolean;
  onToggle: (on: boolean) => void;
  children: ReactNode;
}

function Block({ label, on, onToggle, children }: BlockProps) {
  const styles = useStyles();
  return (
    <div className={styles.block}>
      <Switch label={label} checked={on} onChange={(_, data) => onToggle(data.checked)} />
      {on && <div className={styles.row}>{children}</div>}
    </div>
  );
}

const DAY_NAMES = Object.fromEntries(
  DAYS.map((day) => [day, day.slice(0, 1).toUpperCase() + day.slice(1, 3)]),
) as Record<Day, string>;

interface DayBoxesProps {
  label: string;
  days: readonly Day[];
  onChange: (days: readonly Day[]) => void;
}

/** Days of the week, in their order. */
export function DayBoxes({ label, days, onChange }: DayBoxesProps) {
  return <Boxes legend={label} all={DAY_NAMES} chosen={days} onChange={onChange} />;
}

const ZONES = Intl.supportedValuesOf("timeZone");

/** A time zone of the world. */
export function ZoneField({ zone, onChange }: { zone: string; onChange: (zone: string) => void }) {
  const zones = ZONES.includes(zone) ? ZONES : [zone, ...ZONES];
  return (
    <Field label="Time zone">
      <Select value={zone} onChange={(_, data) => onChange(data.value)}>
        {zones.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </Select>
    </Field>
  );
}
