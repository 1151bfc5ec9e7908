import { Button, Checkbox, makeStyles, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useFieldStyles } from "../../components/fieldStyles";
import { SectionCard } from "../../components/SectionCard";
import type { MoveDraft } from "../draft/model";
import { RemoveButton, SkuField } from "./SkuField";
import { useChange } from "./useChange";

const useStyles = makeStyles({
  move: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
});

/** Licences to move from and to. */
export function TransferFields() {
  const styles = useFieldStyles();
  const [change, put] = useChange();
  const { moves } = change;
  return (
    <SectionCard
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
    </SectionCard>
  );
}

interface MoveProps {
  n: number;
  move: MoveDraft;
  onChange: (move: MoveDraft) => void;
  onRemove: () => void;
}

function Move({ n, move, onChange, onRemove }: MoveProps) {
  const own = useStyles();
  const styles = useFieldStyles();
  const [first = "", ...others] = move.from;
  const put = (at: number, sku: string) =>
    onChange({ ...move, from: move.from.map((old, k) => (k === at ? sku : old)) });
  return (
    <div className={own.move}>
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
          label="Service plans that were off stay off"
          checked={move.keep}
          onChange={(_, data) => onChange({ ...move, keep: data.checked === true })}
        />
      </div>
    </div>
  );
}
