import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Checkbox,
  makeStyles,
  Select,
  Switch,
  Text,
  tokens,
} from "@fluentui/react-components";
import { Breakable } from "../../components/Breakable";
import { formatNumber } from "../../format/format";
import type { EditDraft, LicenceDraft } from "../draft/model";
import type { Offer } from "../useLicences";

const useStyles = makeStyles({
  grid: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fill, minmax(280px, 1fr))",
    columnGap: tokens.spacingHorizontalM,
  },
  name: { overflowWrap: "anywhere" },
  row: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalS, padding: tokens.spacingVerticalXXS },
  choice: { flexShrink: 0, width: "128px" },
});

/** The plans that users have; others are of the whole company and cannot be switched for one. */
function plansOf({ plans }: Offer): string[] {
  return plans
    .filter(({ appliesTo }) => appliesTo === "User")
    .map(({ name }) => name)
    .sort();
}

interface PlanSwitchesProps {
  offer: Offer;
  licence: LicenceDraft;
  onChange: (licence: LicenceDraft) => void;
}

/** The service plans of a licence that is given, each on or off. */
export function PlanSwitches({ offer, licence, onChange }: PlanSwitchesProps) {
  const styles = useStyles();
  const plans = plansOf(offer);
  const isOn = (plan: string) => licence.plans.includes(plan) === (licence.mode === "only");
  const on = plans.filter(isOn);

  function put(mode: LicenceDraft["mode"], nowOn: readonly string[]) {
    onChange({ ...licence, mode, plans: plans.filter((plan) => nowOn.includes(plan) === (mode === "only")) });
  }

  return (
    <Accordion collapsible>
      <AccordionItem value="plans">
        <AccordionHeader as="h3" size="small">
          {`Service plans of ${offer.name}: ${formatNumber(on.length)} of ${formatNumber(plans.length)} on`}
        </AccordionHeader>
        <AccordionPanel>
          <div className={styles.grid}>
            {plans.map((plan) => (
              <Switch
                key={plan}
                label={{ children: <Breakable text={plan} />, className: styles.name }}
                checked={isOn(plan)}
                onChange={(_, data) =>
                  put(licence.mode, data.checked ? [...on, plan] : on.filter((each) => each !== plan))
                }
              />
            ))}
          </div>
          <Checkbox
            label="Also for who has the licence already: switch on and off exactly as above"
            checked={licence.mode === "only"}
            onChange={(_, data) => put(data.checked === true ? "only" : "off", on)}
          />
        </AccordionPanel>
      </AccordionItem>
    </Accordion>
  );
}

interface PlanChangesProps {
  offer: Offer;
  edit: EditDraft;
  onChange: (edit: EditDraft) => void;
}

/** The service plans of a licence that users hold: each switched on, switched off, or left as it is. */
export function PlanChanges({ offer, edit, onChange }: PlanChangesProps) {
  const styles = useStyles();
  const without = (list: readonly string[], plan: string) => list.filter((each) => each !== plan);

  function put(plan: string, to: string) {
    onChange({
      ...edit,
      on: to === "on" ? [...without(edit.on, plan), plan] : without(edit.on, plan),
      off: to === "off" ? [...without(edit.off, plan), plan] : without(edit.off, plan),
    });
  }

  return (
    <div className={styles.grid}>
      {plansOf(offer).map((plan) => (
        <div key={plan} className={styles.row}>
          <Select
            size="small"
            className={styles.choice}
            aria-label={plan}
            value={edit.on.includes(plan) ? "on" : edit.off.includes(plan) ? "off" : ""}
            onChange={(_, data) => put(plan, data.value)}
          >
            <option value="">as it is</option>
            <option value="on">switch on</option>
            <option value="off">switch off</option>
          </Select>
          <Text size={200} className={styles.name}>
            <Breakable text={plan} />
          </Text>
        </div>
      ))}
    </div>
  );
}
