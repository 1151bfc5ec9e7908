import { Button } from "@fluentui/react-components";
import { useState } from "react";
import type { Prices } from "../../api/types";
import { useMay } from "../../app/role";
import { Empty } from "../../components/Empty";
import { useTenantNames } from "../../components/useTenantNames";
import { BookEditor } from "./BookEditor";

/** A tenant without a book of its own; the new one begins as a copy of the default one. */
export function NoBook({ prices, tenant }: { prices: Prices; tenant: string }) {
  const mayAdminister = useMay("BulkLicenses.Admin");
  const nameOf = useTenantNames();
  const [isMaking, setIsMaking] = useState(false);
  if (isMaking) return <BookEditor prices={prices} tenant={tenant} book={prices.default} isNew />;
  return (
    <Empty
      title={`${nameOf(tenant)} has no prices of its own`}
      action={mayAdminister && <Button onClick={() => setIsMaking(true)}>Give it its own</Button>}
    >
      The default book counts for it.
    </Empty>
  );
}
