import type { LicenceDraft } from "../draft/model";
import type { Offer } from "../useLicences";
import { OfferList } from "./OfferList";
import { PlanSwitches } from "./PlanSwitches";

interface LicencesProps {
  label: string;
  licences: readonly LicenceDraft[];
  onChange: (licences: readonly LicenceDraft[]) => void;
}

/** Licences to give, each with its service plans. */
export function Licences({ label, licences, onChange }: LicencesProps) {
  const find = ({ sku }: Offer) => licences.find((each) => each.sku === sku);
  return (
    <OfferList
      label={label}
      chosen={new Set(licences.map(({ sku }) => sku))}
      onToggle={({ sku }, on) =>
        onChange(on ? [...licences, { sku, mode: "off", plans: [] }] : licences.filter((each) => each.sku !== sku))
      }
      more={(offer) => {
        const licence = find(offer);
        const replace = (by: LicenceDraft) => onChange(licences.map((each) => (each.sku === by.sku ? by : each)));
        return licence && <PlanSwitches offer={offer} licence={licence} onChange={replace} />;
      }}
    />
  );
}
