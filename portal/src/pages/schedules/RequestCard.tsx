import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  makeStyles,
  Text,
  tokens,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { licencesQuery } from "../../api/directory";
import type { Schedule } from "../../api/types";
import { Facts } from "../../components/Facts";
import { SectionCard } from "../../components/SectionCard";
import { useTenantNames } from "../../components/useTenantNames";
import { NOTHING } from "../../format/format";
import { changesOf, oneTenantOf, type StoredRequest, tenantOf, usersOf } from "./request";

const useStyles = makeStyles({
  list: { margin: 0, padding: 0, listStyleType: "none" },
  json: {
    margin: 0,
    maxHeight: "360px",
    overflow: "auto",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

/** What a schedule does: to whom, and what. */
export function RequestCard({ schedule }: { schedule: Schedule }) {
  return (
    <SectionCard title="What it does">
      {schedule.request === null ? (
        <Text>What it does was stored, and has expired.</Text>
      ) : (
        <Told request={schedule.request} />
      )}
    </SectionCard>
  );
}

function Told({ request }: { request: StoredRequest }) {
  const styles = useStyles();
  const nameOfTenant = useTenantNames();
  const nameOfSku = useSkuNames(oneTenantOf(request));
  const { targets = [], previewId } = request;
  const whom = targets.map((each) => `${tenantOf(each.tenant, nameOfTenant)}: ${usersOf(each.users)}`);
  return (
    <>
      {previewId ? (
        <Facts facts={[["Executes the preview", previewId]]} />
      ) : (
        <Facts
          facts={[
            ["Users", <Lines key="users" lines={whom} />],
            ["Licences", <Lines key="licences" lines={changesOf(request, nameOfSku)} />],
          ]}
        />
      )}
      <Accordion collapsible>
        <AccordionItem value="request">
          <AccordionHeader as="h3">The whole request</AccordionHeader>
          <AccordionPanel>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
            <pre className={styles.json} tabIndex={0}>
              {JSON.stringify(request, null, 2)}
            </pre>
          </AccordionPanel>
        </AccordionItem>
      </Accordion>
    </>
  );
}

function Lines({ lines }: { lines: readonly string[] }) {
  const styles = useStyles();
  if (lines.length === 0) return NOTHING;
  return (
    <ul className={styles.list}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

/** Names of SKUs by their ids, as a tenant subscribes to them; where that cannot be read, the ids. */
function useSkuNames(tenant: string | undefined): (id: string) => string {
  const licences = useQuery({ ...licencesQuery(tenant ?? ""), enabled: tenant !== undefined });
  const names = new Map(licences.data?.map((each) => [each.skuId, each.name || each.sku]));
  return (id) => names.get(id) ?? id;
}
