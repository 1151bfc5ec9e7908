import { Field, Input, Select } from "@fluentui/react-components";
import { useFieldStyles } from "../../components/fieldStyles";
import { SectionCard } from "../../components/SectionCard";
import { useDraft } from "../DraftContext";
import type { Change } from "../draft/model";

/** Where the usage location comes from, without which Microsoft gives no licence. */
export function LocationFields() {
  const styles = useFieldStyles();
  const { draft, dispatch } = useDraft();
  const { location, country, locationAlways } = draft.change;
  const put = (change: Partial<Change>) => dispatch({ do: "change", change });
  return (
    <SectionCard
      title="Usage location"
      about="Without one Microsoft gives a user no licence. None is set unless told here."
    >
      <div className={styles.row}>
        <Field label="Set it">
          <Select value={location} onChange={(_, data) => put({ location: data.value as Change["location"] })}>
            <option value="none">never</option>
            <option value="fromUserCountry">to the user's country in the directory</option>
            <option value="tenantDefault">to the tenant's default</option>
            <option value="country">to one country</option>
          </Select>
        </Field>
        {location === "country" && (
          <Field label="Country" hint="Two letters" className={styles.narrow}>
            <Input value={country} maxLength={2} onChange={(_, data) => put({ country: data.value.toUpperCase() })} />
          </Field>
        )}
        {location !== "none" && (
          <Field label="For">
            <Select
              value={locationAlways ? "always" : "ifMissing"}
              onChange={(_, data) => put({ locationAlways: data.value === "always" })}
            >
              <option value="ifMissing">who has none</option>
              <option value="always">everyone</option>
            </Select>
          </Field>
        )}
      </div>
    </SectionCard>
  );
}
