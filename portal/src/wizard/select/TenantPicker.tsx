import { Combobox, Field, makeStyles, Option, OptionGroup } from "@fluentui/react-components";
import { useState } from "react";
import { nameOfTenant } from "../../api/queries";
import { useDraft } from "../DraftContext";
import { EVERY_TENANT, TAG } from "../draft/model";
import { useScope } from "../useScope";
import { Chosen } from "./Chosen";

const useStyles = makeStyles({
  field: { maxWidth: "520px" },
  // Above the wizard's foot, below which the list may reach.
  list: { maxHeight: "320px", overflowY: "auto", zIndex: 3, "& > *": { overflowWrap: "anywhere" } },
});

/** Tenants listed at once; typing narrows them. */
const LISTED = 100;

/** The tenants whose users are meant: some, those with a tag, or all. */
export function TenantPicker() {
  const styles = useStyles();
  const { draft, dispatch } = useDraft();
  const { enabled, nameOf } = useScope();
  const [typed, setTyped] = useState("");
  const wanted = typed.trim().toLowerCase();
  const fits = (...texts: string[]) => texts.some((text) => text.toLowerCase().includes(wanted));
  const tags = [...new Set(enabled.flatMap((tenant) => tenant.tags))].filter((tag) => fits(tag)).sort();
  const tenants = enabled.filter((tenant) => fits(nameOfTenant(tenant), ...tenant.domains)).slice(0, LISTED);
  const change = (scope: readonly string[]) => dispatch({ do: "scope", scope });

  return (
    <>
      <Field label="Search tenants" className={styles.field}>
        <Combobox
          multiselect
          inlinePopup
          positioning={{ position: "below", align: "start", autoSize: false }}
          placeholder="Search by name or domain"
          selectedOptions={[...draft.scope]}
          value={typed}
          listbox={{ className: styles.list }}
          onChange={(event) => setTyped(event.target.value)}
          onOptionSelect={(_, data) => {
            setTyped("");
            change(data.selectedOptions);
          }}
        >
          {fits("all tenants") && (
            <Option key={EVERY_TENANT} value={EVERY_TENANT} text="All tenants">
              {`All tenants (${enabled.length})`}
            </Option>
          )}
          {tags.length > 0 && (
            <OptionGroup label="By tag">
              {tags.map((tag) => (
                <Option key={tag} value={TAG + tag}>
                  {tag}
                </Option>
              ))}
            </OptionGroup>
          )}
          <OptionGroup label="One by one">
            {tenants.map((tenant) => (
              <Option key={tenant.tenantId} value={tenant.tenantId} text={nameOfTenant(tenant)}>
                {`${nameOfTenant(tenant)} (${tenant.domains[0] ?? tenant.tenantId})`}
              </Option>
            ))}
          </OptionGroup>
        </Combobox>
      </Field>
      <Chosen
        label="Chosen tenants"
        what="tenant"
        items={draft.scope.map((value) => ({ value, label: nameOf(value) }))}
        onRemove={(value) => change(draft.scope.filter((each) => each !== value))}
        onClear={() => change([])}
      />
    </>
  );
}
