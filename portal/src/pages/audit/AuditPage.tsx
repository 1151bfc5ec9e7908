import { makeStyles, Tab, TabList, tokens } from "@fluentui/react-components";
import { auditCsv } from "../../api/audit";
import { CsvButton } from "../../components/CsvButton";
import { PageHeader } from "../../components/PageHeader";
import { useSearch } from "../../components/useSearch";
import { Entries } from "./Entries";
import { useAuditFilter } from "./filter";
import { Verification } from "./Verification";

const useStyles = makeStyles({
  tabs: { marginBottom: tokens.spacingVerticalL, marginLeft: `calc(-1 * ${tokens.spacingHorizontalMNudge})` },
});

/** Who changed what, when and why; and whether that is what was recorded. */
export function AuditPage() {
  const styles = useStyles();
  const [get, set] = useSearch();
  const filter = useAuditFilter();
  const view = get("view") === "verification" ? "verification" : "entries";
  return (
    <>
      <PageHeader
        title="Audit"
        about="Every change of a user's licences, with what they held before and after. Each tenant's entries are a chain: whoever changes one breaks it."
        actions={view === "entries" && <CsvButton ask={() => auditCsv(filter)} />}
      />
      <TabList
        className={styles.tabs}
        selectedValue={view}
        onTabSelect={(_, data) => set("view", data.value === "verification" ? "verification" : undefined)}
      >
        <Tab id="entries-tab" value="entries">
          Entries
        </Tab>
        <Tab id="verification-tab" value="verification">
          Verification
        </Tab>
      </TabList>
      <div role="tabpanel" aria-labelledby={`${view}-tab`}>
        {view === "entries" ? <Entries /> : <Verification />}
      </div>
    </>
  );
}
