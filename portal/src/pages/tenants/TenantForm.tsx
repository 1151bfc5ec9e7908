import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { asProblem } from "../../api/problem";
import { noteTenant, putTenant } from "../../api/tenants";
import type { Tenant } from "../../api/types";
import { ProblemMessage } from "../../components/ProblemMessage";
import { SectionCard } from "../../components/SectionCard";
import { useToast } from "../../components/useToast";
import { changesOf, draftOf } from "./draft";
import { TenantFieldset } from "./TenantFieldset";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  buttons: { display: "flex", gap: tokens.spacingHorizontalS },
});

/** The settings of a tenant, to be changed. */
export function TenantForm({ tenant }: { tenant: Tenant }) {
  const styles = useStyles();
  const client = useQueryClient();
  const toast = useToast();
  // As it was when the form was opened: what others change meanwhile is no change of this user.
  const [before, setBefore] = useState(() => draftOf(tenant));
  const [draft, setDraft] = useState(before);
  const changes = changesOf(draft, before);
  const isChanged = Object.keys(changes).length > 0;
  const saving = useMutation({
    mutationFn: () => putTenant(tenant.tenantId, changes),
    onSuccess({ tenant: saved }) {
      noteTenant(client, saved);
      setBefore(draftOf(saved));
      setDraft(draftOf(saved));
      toast.done("The settings were saved");
    },
  });

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    saving.mutate();
  }

  return (
    <SectionCard title="Settings">
      <form className={styles.form} onSubmit={submit}>
        {saving.error && <ProblemMessage problem={asProblem(saving.error)} />}
        <TenantFieldset draft={draft} error={saving.error} onChange={(changed) => setDraft({ ...draft, ...changed })} />
        <div className={styles.buttons}>
          <Button type="submit" appearance="primary" disabled={!isChanged || saving.isPending}>
            Save
          </Button>
          <Button
            disabled={!isChanged}
            onClick={() => {
              saving.reset();
              setDraft(before);
            }}
          >
            Discard changes
          </Button>
        </div>
      </form>
    </SectionCard>
  );
}
