import { Button, Checkbox, Field, makeStyles, Radio, RadioGroup, Select, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { DeleteRegular } from "@fluentui/react-icons/svg/delete";
import { NumberField } from "../../components/NumberField";
import { Section } from "../../components/Section";
import { useDraft } from "../DraftContext";
import type { Change, LicenceDraft, MoveDraft } from "../draft/model";
import { type Offer, useLicences } from "../useLicences";
import { OfferList } from "./OfferList";
import { PlanChanges, PlanSwitches } from "./PlanSwitches";

const useStyles = makeStyles({
  pair: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 280px) minmax(0, 280px) 32px",
    gap: tokens.spacingHorizontalM,
    alignItems: "end",
  },
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalL, alignItems: "start" },
  narrow: { width: "200px" },
  left: { alignSelf: "flex-start" },
  move: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
});

function useChange(): [Change, (change: Partial<Change>) => void] {
  const { draft, dispatch } = useDraft();
  return [draft.change, (change) => dispatch({ do: "change", change })];
}

/** What shall be done, of the kind that is chosen. */
export function KindFields() {
  const { draft } = useDraft();
  switch (draft.kind) {
    case "assign":
      return <AssignFields />;
    case "remove":
      return <RemoveFields />;
    case "modify":
      return <ModifyFields />;
    case "transfer":
      return <TransferFields />;
  }
}

function AssignFields() {
  const [change, put] = useChange();
  return (
    <Section title="Licences to assign">
      <Licences label="Licences to assign" licences={change.assign} onChange={(assign) => put({ assign })} />
    </Section>
  );
}

interface LicencesProps {
  label: string;
  licences: readonly LicenceDraft[];
  onChange: (licences: readonly LicenceDraft[]) => void;
}

function Licences({ label, licences, onChange }: LicencesProps) {
  const find = ({ sku }: Offer) => licences.find((each) => each.sku === sku);
  return (
    <OfferList
      label={label}
      chosen={new Set(licences.map(({ sku }) => sku))}
      onToggle={({ sku }, on) =>
        onChange(on ? [...licences, { sku, mode: "off", plans: [] }] : licences.filter((each) => each.sku !== sku))
      }
      more={(offer) => {
        const licence = find(offer);
        const replace = (by: LicenceDraft) => onChange(licences.map((each) => (each.sku === by.sku ? by : each)));
        return licence && <PlanSwitches offer={offer} licence={licence} onChange={replace} />;
      }}
    />
  );
}

function RemoveFields() {
  const styles = useStyles();
  const [change, put] = useChange();
  const { remove } = change;
  return (
    <>
      <Section title="Licences to remove" about="What a user has from a group stays; the result names the group.">
        <RadioGroup
          aria-label="Which licences"
          layout="horizontal"
          value={change.removeAll ? "all" : "some"}
          onChange={(_, data) => put({ removeAll: data.value === "all" })}
        >
          <Radio value="some" label="These" />
          <Radio value="all" label="All that are assigned directly" />
        </RadioGroup>
        {!change.removeAll && (
          <OfferList
            label="Licences to remove"
            chosen={new Set(remove)}
            onToggle={({ sku }, on) => put({ remove: on ? [...remove, sku] : remove.filter((each) => each !== sku) })}
          />
        )}
      </Section>
      <Section title="Grace and mailbox">
        <div className={styles.row}>
          <NumberField
            label="Days of grace"
            className={styles.narrow}
            placeholder="none"
            max={365}
            value={change.graceDays}
            onChange={(graceDays) => put({ graceDays })}
            hint="The licences go only after them."
          />
          {change.graceDays !== null && (
            <Field label="During the grace">
              <Select value={change.during} onChange={(_, data) => put({ during: data.value as Change["during"] })}>
                <option value="keep">everything stays as it is</option>
                <option value="disablePlans">the services are switched off</option>
              </Select>
            </Field>
          )}
        </div>
        <div className={styles.row}>
          <Field label="Mailbox">
            <Select value={change.mailbox} onChange={(_, data) => put({ mailbox: data.value as Change["mailbox"] })}>
              <option value="none">is not looked after</option>
              <option value="convertToShared">is made a shared one first</option>
              <option value="replaceWith">is kept by another licence</option>
            </Select>
          </Field>
          {change.mailbox === "replaceWith" && (
            <SkuField
              label="Licence that keeps it"
              value={change.replaceWith}
              onChange={(replaceWith) => put({ replaceWith })}
            />
          )}
        </div>
      </Section>
    </>
  );
}

function ModifyFields() {
  const styles = useStyles();
  const [change, put] = useChange();
  const { edits, swaps } = change;
  return (
    <>
      <Section title="Services to switch" about="Of the licences that users hold; what is not named stays as it is.">
        <OfferList
          label="Licences whose services change"
          chosen={new Set(edits.map(({ sku }) => sku))}
          onToggle={({ sku }, on) =>
            put({ edits: on ? [...edits, { sku, on: [], off: [] }] : edits.filter((each) => each.sku !== sku) })
          }
          more={(offer) => {
            const edit = edits.find(({ sku }) => sku === offer.sku);
            const replace = (by: typeof edit) =>
              put({ edits: edits.map((each) => (by?.sku === each.sku ? by : each)) });
            return edit && <PlanChanges offer={offer} edit={edit} onChange={replace} />;
          }}
        />
      </Section>
      <Section title="Licences to swap" about="In one call a user: nobody is without for a moment.">
        {[...swaps.entries()].map(([n, swap]) => (
          <div key={n} className={styles.pair}>
            <SkuField
              label="From"
              value={swap.from}
              onChange={(from) => put({ swaps: swaps.map((each, at) => (at === n ? { ...each, from } : each)) })}
            />
            <SkuField
              label="To"
              value={swap.to}
              onChange={(to) => put({ swaps: swaps.map((each, at) => (at === n ? { ...each, to } : each)) })}
            />
            <RemoveButton
              label={`Remove swap ${n + 1}`}
              onClick={() => put({ swaps: swaps.filter((_, at) => at !== n) })}
            />
          </div>
        ))}
        <Button
          className={styles.left}
          size="small"
          icon={<AddRegular />}
          onClick={() => put({ swaps: [...swaps, { from: "", to: "" }] })}
        >
          Add a swap
        </Button>
      </Section>
      <Section title="Licences to add">
        <Licences label="Licences to add" licences={change.add} onChange={(add) => put({ add })} />
      </Section>
    </>
  );
}

function TransferFields() {
  const styles = useStyles();
  const [change, put] = useChange();
  const { moves } = change;
  return (
    <Section
      title="Licences to move"
      about="Who holds one or more of the first gets the last in their place, in one call a user."
    >
      {[...moves.entries()].map(([n, move]) => (
        <Move
          key={n}
          n={n}
          move={move}
          onChange={(changed) => put({ moves: moves.map((each, at) => (at === n ? changed : each)) })}
          onRemove={() => put({ moves: moves.filter((_, at) => at !== n) })}
        />
      ))}
      <Button
        className={styles.left}
        size="small"
        icon={<AddRegular />}
        onClick={() => put({ moves: [...moves, { from: [""], to: "", keep: true }] })}
      >
        Add a move
      </Button>
    </Section>
  );
}

interface MoveProps {
  n: number;
  move: MoveDraft;
  onChange: (move: MoveDraft) => void;
  onRemove: () => void;
}

function Move({ n, move, onChange, onRemove }: MoveProps) {
  const styles = useStyles();
  const [first = "", ...others] = move.from;
  const put = (at: number, sku: string) =>
    onChange({ ...move, from: move.from.map((old, k) => (k === at ? sku : old)) });
  return (
    <div className={styles.move}>
      <div className={styles.pair}>
        <SkuField label="From" value={first} onChange={(sku) => put(0, sku)} />
        <SkuField label="To" value={move.to} onChange={(to) => onChange({ ...move, to })} />
        <RemoveButton label={`Remove move ${n + 1}`} onClick={onRemove} />
      </div>
      {[...others.entries()].map(([k, sku]) => (
        <div key={k} className={styles.pair}>
          <SkuField label="And from" value={sku} onChange={(changed) => put(k + 1, changed)} />
          <span />
          <RemoveButton
            label={`Remove source ${k + 2} of move ${n + 1}`}
            onClick={() => onChange({ ...move, from: move.from.filter((_, at) => at !== k + 1) })}
          />
        </div>
      ))}
      <div className={styles.row}>
        <Button size="small" appearance="subtle" onClick={() => onChange({ ...move, from: [...move.from, ""] })}>
          Another source
        </Button>
        <Checkbox
          label="Services that were off stay off"
          checked={move.keep}
          onChange={(_, data) => onChange({ ...move, keep: data.checked === true })}
        />
      </div>
    </div>
  );
}

function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return <Button appearance="subtle" icon={<DeleteRegular />} aria-label={label} title="Remove" onClick={onClick} />;
}

interface SkuFieldProps {
  label: string;
  value: string;
  onChange: (sku: string) => void;
}

function SkuField({ label, value, onChange }: SkuFieldProps) {
  const { licences } = useLicences();
  return (
    <Field label={label}>
      <Select value={value} onChange={(_, data) => onChange(data.value)}>
        <option value="">Choose a licence</option>
        {licences.map(({ sku, name, available }) => (
          <option key={sku} value={sku}>
            {`${name} (${available} left)`}
          </option>
        ))}
      </Select>
    </Field>
  );
}
