import { useEffect, useMemo, useReducer, useState } from "react";
import { DraftContext } from "./DraftContext";
import { emptyDraft } from "./draft/model";
import { reduce } from "./draft/reducer";
import { forgetDraft, keepDraft, storedDraft } from "./draft/stored";
import { Restored } from "./Restored";
import { Wizard } from "./Wizard";

const NEW = emptyDraft(Intl.DateTimeFormat().resolvedOptions().timeZone);

/** A new operation: select, configure, review, execute; then its own page shows how it goes. */
export function WizardPage() {
  const [stored, setStored] = useState(storedDraft);
  const [draft, dispatch] = useReducer(reduce, stored?.draft ?? NEW);
  const drafting = useMemo(() => ({ draft, dispatch }), [draft]);
  useEffect(() => {
    if (draft === NEW) forgetDraft();
    else keepDraft(draft);
  }, [draft]);

  function startOver() {
    setStored(null);
    dispatch({ do: "begin", draft: NEW });
  }

  return (
    <DraftContext value={drafting}>
      <Wizard notice={stored && <Restored lost={stored.lost} onStartOver={startOver} />} />
    </DraftContext>
  );
}
