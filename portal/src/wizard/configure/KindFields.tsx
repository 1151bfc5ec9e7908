import { SectionCard } from "../../components/SectionCard";
import { useDraft } from "../DraftContext";
import { Licences } from "./Licences";
import { ModifyFields } from "./ModifyFields";
import { RemoveFields } from "./RemoveFields";
import { TransferFields } from "./TransferFields";
import { useChange } from "./useChange";

/** What shall be done, of the kind that is chosen. */
export function KindFields() {
  const { draft } = useDraft();
  switch (draft.kind) {
    case "assign":
      return <AssignFields />;
    case "remove":
      return <RemoveFields />;
    case "modify":
      return <ModifyFields />;
    case "transfer":
      return <TransferFields />;
  }
}

function AssignFields() {
  const [change, put] = useChange();
  return (
    <SectionCard title="Licences to assign">
      <Licences label="Licences to assign" licences={change.assign} onChange={(assign) => put({ assign })} />
    </SectionCard>
  );
}
