import { Field, Radio, RadioGroup, Select } from "@fluentui/react-components";
import { useFieldStyles } from "../../components/fieldStyles";
import { NumberField } from "../../components/NumberField";
import { SectionCard } from "../../components/SectionCard";
import type { Change } from "../draft/model";
import { OfferList } from "./OfferList";
import { SkuField } from "./SkuField";
import { useChange } from "./useChange";

/** Licences to take away, when, and what becomes of mailboxes. */
export function RemoveFields() {
  const styles = useFieldStyles();
  const [change, put] = useChange();
  const { remove } = change;
  return (
    <>
      <SectionCard title="Licences to remove" about="What a user has from a group stays; the result names the group.">
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
      </SectionCard>
      <SectionCard title="Grace period and mailbox">
        <div className={styles.row}>
          <NumberField
            label="Grace period in days"
            className={styles.narrow}
            placeholder="none"
            max={365}
            value={change.graceDays}
            onChange={(graceDays) => put({ graceDays })}
            hint="The licences go at its end."
          />
          {change.graceDays !== null && (
            <Field label="During the grace period">
              <Select value={change.during} onChange={(_, data) => put({ during: data.value as Change["during"] })}>
                <option value="keep">everything stays as it is</option>
                <option value="disablePlans">the service plans are switched off</option>
              </Select>
            </Field>
          )}
        </div>
        <div className={styles.row}>
          <Field label="Mailbox">
            <Select value={change.mailbox} onChange={(_, data) => put({ mailbox: data.value as Change["mailbox"] })}>
              <option value="none">is left as it is</option>
              <option value="convertToShared">is converted to a shared mailbox first</option>
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
      </SectionCard>
    </>
  );
}
