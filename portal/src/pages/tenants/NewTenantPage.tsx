import { Button, Field, Input, makeStyles, tokens } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useNavigate } from "react-router";
import { asProblem } from "../../api/problem";
import { nameOfTenant } from "../../api/queries";
import { noteTenant, putTenant } from "../../api/tenants";
import { useMay } from "../../app/role";
import { Empty } from "../../components/Empty";
import { faultAt } from "../../components/faults";
import { PageHeader } from "../../components/PageHeader";
import { ProblemMessage } from "../../components/ProblemMessage";
import { SectionCard } from "../../components/SectionCard";
import { useToast } from "../../components/useToast";
import { changesOf, NEW } from "./draft";
import { TenantFieldset } from "./TenantFieldset";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  name: { maxWidth: "480px" },
  buttons: { display: "flex", gap: tokens.spacingHorizontalS },
});

/** Registers a tenant; where it lacks consent, its own page leads on. */
export function NewTenantPage() {
  const mayAdminister = useMay("BulkLicenses.Admin");
  return (
    <>
      <PageHeader
        title="Add a tenant"
        list={{ path: "/tenants", label: "Tenants" }}
        about="First it is registered here, then an administrator of the tenant consents, by a link that you get on the next page."
      />
      {mayAdminister ? <Form /> : <Empty title="Only an administrator of this app may add a tenant" />}
    </>
  );
}

function Form() {
  const styles = useStyles();
  const navigate = useNavigate();
  const client = useQueryClient();
  const toast = useToast();
  const [name, setName] = useState("");
  const [draft, setDraft] = useState(NEW);
  const registering = useMutation({
    mutationFn: () => putTenant(name.trim(), changesOf(draft, NEW)),
    onSuccess({ tenant, isNew }) {
      noteTenant(client, tenant);
      toast.done(`${nameOfTenant(tenant)} ${isNew ? "was registered" : "was registered before, and is changed"}`);
      void navigate(`/tenants/${tenant.tenantId}`);
    },
  });

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    registering.mutate();
  }

  const { error } = registering;
  return (
    <SectionCard title="The tenant">
      <form className={styles.form} onSubmit={submit}>
        {error && <ProblemMessage problem={asProblem(error)} />}
        <Field
          className={styles.name}
          label="Tenant id or domain"
          required
          hint="A domain is found only once the tenant has consented; before that, its id is needed."
          validationMessage={faultAt(error, "/tenant") ?? null}
        >
          <Input
            value={name}
            spellCheck={false}
            autoComplete="off"
            placeholder="contoso.onmicrosoft.com"
            onChange={(_, data) => setName(data.value)}
          />
        </Field>
        <TenantFieldset draft={draft} error={error} onChange={(changed) => setDraft({ ...draft, ...changed })} />
        <div className={styles.buttons}>
          <Button type="submit" appearance="primary" disabled={name.trim() === "" || registering.isPending}>
            {registering.isPending ? "Asking the directory …" : "Register"}
          </Button>
          <Button onClick={() => void navigate("/tenants")}>Cancel</Button>
        </div>
      </form>
    </SectionCard>
  );
}
