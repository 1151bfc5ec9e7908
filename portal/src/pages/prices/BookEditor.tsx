import { Button, Field, Input, makeStyles, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { DeleteRegular } from "@fluentui/react-icons/svg/delete";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { PRICES, putBook } from "../../api/prices";
import { asProblem } from "../../api/problem";
import type { PriceBook, Prices } from "../../api/types";
import { ConfirmButton } from "../../components/ConfirmButton";
import { faultAt } from "../../components/faults";
import { ProblemMessage } from "../../components/ProblemMessage";
import { useTenantNames } from "../../components/useTenantNames";
import { useToast } from "../../components/useToast";
import { bookOf, draftOf, faultsOf, withChange, without, withRow } from "./draft";
import { PriceRows } from "./PriceRows";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  head: { display: "flex", flexWrap: "wrap", alignItems: "start", gap: tokens.spacingHorizontalL },
  buttons: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  apart: { marginLeft: "auto" },
});

interface BookEditorProps {
  prices: Prices;
  /** Whose book it is; null is the default one. */
  tenant: string | null;
  book: PriceBook;
  isNew?: boolean;
}

/** A book to be changed; it is saved as a whole, and faults stand at their fields. */
export function BookEditor({ prices, tenant, book, isNew = false }: BookEditorProps) {
  const styles = useStyles();
  const client = useQueryClient();
  const toast = useToast();
  const [before, setBefore] = useState(() => draftOf(book));
  const [draft, setDraft] = useState(before);
  const [isTried, setIsTried] = useState(false);
  const faults = faultsOf(draft);
  const isChanged = isNew || draft !== before;
  const saving = useMutation({
    mutationFn: () => putBook(prices, tenant, bookOf(draft)),
    onSuccess(saved) {
      client.setQueryData(PRICES, saved);
      const now = draftOf((tenant === null ? saved.default : saved.tenants[tenant]) ?? book);
      setBefore(now);
      setDraft(now);
      setIsTried(false);
      toast.done("The prices were saved");
    },
  });
  const pointer = tenant === null ? "/default" : `/tenants/${tenant}`;

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    setIsTried(true);
    if (faults.size === 0) saving.mutate();
  }

  function discard() {
    saving.reset();
    setIsTried(false);
    setDraft(before);
  }

  return (
    // The browser's own checks would stop short of saying where the API sees a fault.
    <form className={styles.form} onSubmit={submit} noValidate>
      {saving.error && <ProblemMessage problem={asProblem(saving.error)} />}
      <div className={styles.head}>
        <Field
          label="Currency"
          hint="Three letters of ISO 4217."
          validationMessage={faultAt(saving.error, `${pointer}/currency`) ?? null}
        >
          <Input
            value={draft.currency}
            maxLength={3}
            spellCheck={false}
            onChange={(_, data) => setDraft({ ...draft, currency: data.value })}
          />
        </Field>
        <Field label="They hold from" validationMessage={faultAt(saving.error, `${pointer}/asOf`) ?? null}>
          <Input type="date" value={draft.asOf} onChange={(_, data) => setDraft({ ...draft, asOf: data.value })} />
        </Field>
      </div>
      <PriceRows
        draft={draft}
        pointer={pointer}
        error={saving.error}
        faults={isTried ? faults : new Map()}
        onChange={(key, changed) => setDraft(withChange(draft, key, changed))}
        onRemove={(key) => setDraft(without(draft, key))}
      />
      <div className={styles.buttons}>
        <Button type="submit" appearance="primary" disabled={!isChanged || saving.isPending}>
          Save
        </Button>
        <Button disabled={!isChanged} onClick={discard}>
          Discard changes
        </Button>
        <Button icon={<AddRegular />} onClick={() => setDraft(withRow(draft))}>
          Add a price
        </Button>
        {tenant !== null && !isNew && (
          <div className={styles.apart}>
            <RemoveBook prices={prices} tenant={tenant} />
          </div>
        )}
      </div>
    </form>
  );
}

function RemoveBook({ prices, tenant }: { prices: Prices; tenant: string }) {
  const client = useQueryClient();
  const toast = useToast();
  const nameOf = useTenantNames();

  async function remove() {
    client.setQueryData(PRICES, await putBook(prices, tenant, null));
    toast.done("The default prices count now");
  }

  return (
    <ConfirmButton
      label="Remove this book"
      icon={<DeleteRegular />}
      title={`Remove the prices of ${nameOf(tenant)}?`}
      confirm="Remove"
      onConfirm={remove}
    >
      The default book counts for it from now on. What the audit recorded keeps its prices.
    </ConfirmButton>
  );
}
