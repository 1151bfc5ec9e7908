import { Button, Field, Input, makeStyles, tokens } from "@fluentui/react-components";
import { useSuspenseQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useSearchParams } from "react-router";
import { type AuditFilter, auditedTenantsQuery } from "../../api/audit";
import { Choice } from "../../components/Choice";
import { useTenantNames } from "../../components/useTenantNames";
import { FIELDS } from "./filter";

const useStyles = makeStyles({
  form: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fill, minmax(200px, 1fr))",
    alignItems: "start",
    gap: tokens.spacingHorizontalL,
    marginBottom: tokens.spacingVerticalL,
  },
  // Beside fields, whose labels stand above them.
  buttons: { display: "flex", gap: tokens.spacingHorizontalS, paddingTop: tokens.spacingVerticalXXL },
});

/** What the entries are narrowed to. It is asked for when the user says so, not letter by letter. */
export function Filters({ filter }: { filter: AuditFilter }) {
  const styles = useStyles();
  const [, setParams] = useSearchParams();
  const [draft, setDraft] = useState(filter);
  const [told, setTold] = useState(filter);
  // The back button, or a link, told another one meanwhile.
  if (FIELDS.some((name) => told[name] !== filter[name])) {
    setTold(filter);
    setDraft(filter);
  }
  const nameOf = useTenantNames();
  const tenants = useSuspenseQuery(auditedTenantsQuery()).data;
  const isBackwards = draft.from !== undefined && draft.to !== undefined && draft.from > draft.to;

  function change(name: keyof AuditFilter, value: string | undefined) {
    const { [name]: _, ...others } = draft;
    setDraft(value ? { ...others, [name]: value } : others);
  }

  function narrow(to: AuditFilter) {
    setParams((before) => {
      const after = new URLSearchParams(before);
      for (const name of FIELDS) {
        if (to[name]) after.set(name, to[name]);
        else after.delete(name);
      }
      return after;
    });
  }

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    if (!isBackwards) narrow(draft);
  }

  const text = (name: "operation" | "user" | "actor") => ({
    value: draft[name] ?? "",
    spellCheck: false,
    onChange: (_: unknown, data: { value: string }) => change(name, data.value),
  });
  const day = (name: "from" | "to") => ({
    type: "date" as const,
    value: draft[name] ?? "",
    onChange: (_: unknown, data: { value: string }) => change(name, data.value),
  });
  return (
    <form className={styles.form} onSubmit={submit}>
      <Choice
        label="Tenant"
        all="All tenants"
        value={draft.tenant}
        options={tenants.map(({ tenantId }) => ({ value: tenantId, label: nameOf(tenantId) }))}
        onChange={(value) => change("tenant", value)}
      />
      <Field label="From">
        <Input {...day("from")} />
      </Field>
      <Field label="To" {...(isBackwards && { validationMessage: "This day is before the first one." })}>
        <Input {...day("to")} />
      </Field>
      <Field label="User">
        <Input {...text("user")} placeholder="Principal name or object id" />
      </Field>
      <Field label="Actor">
        <Input {...text("actor")} placeholder="Name or id" />
      </Field>
      <Field label="Operation">
        <Input {...text("operation")} placeholder="Id" />
      </Field>
      <div className={styles.buttons}>
        <Button type="submit" appearance="primary">
          Apply
        </Button>
        <Button
          onClick={() => {
            setDraft({});
            narrow({});
          }}
        >
          Clear
        </Button>
      </div>
    </form>
  );
}
