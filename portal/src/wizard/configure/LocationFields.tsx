import { Field, Input, makeStyles, Select, tokens } from "@fluentui/react-components";
import { Section } from "../../components/Section";
import { useDraft } from "../DraftContext";
import type { Change } from "../draft/model";

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalL, alignItems: "start" },
  country: { width: "120px" },
});

/** Where the usage location comes from, without which Microsoft gives no licence. */
export function LocationFields() {
  const styles = useStyles();
  const { draft, dispatch } = useDraft();
  const { location, country, locationAlways } = draft.change;
  const put = (change: Partial<Change>) => dispatch({ do: "change", change });
  return (
    <Section
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
          <Field label="Country" hint="Two letters" className={styles.country}>
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
    </Section>
  );
}
