import { Button } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useFieldStyles } from "../../components/fieldStyles";
import { SectionCard } from "../../components/SectionCard";
import { Licences } from "./Licences";
import { OfferList } from "./OfferList";
import { PlanChanges } from "./PlanSwitches";
import { RemoveButton, SkuField } from "./SkuField";
import { useChange } from "./useChange";

/** Service plans to switch, licences to swap and to add. */
export function ModifyFields() {
  const styles = useFieldStyles();
  const [change, put] = useChange();
  const { edits, swaps } = change;
  return (
    <>
      <SectionCard
        title="Service plans to switch"
        about="Of the licences that users hold; what is not named stays as it is."
      >
        <OfferList
          label="Licences whose service plans change"
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
      </SectionCard>
      <SectionCard title="Licences to swap" about="In one call a user: nobody is without for a moment.">
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
      </SectionCard>
      <SectionCard title="Licences to add">
        <Licences label="Licences to add" licences={change.add} onChange={(add) => put({ add })} />
      </SectionCard>
    </>
  );
}
