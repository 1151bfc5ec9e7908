import { Button, Field, Select } from "@fluentui/react-components";
import { DeleteRegular } from "@fluentui/react-icons/svg/delete";
import { asProblem } from "../../api/problem";
import { formatNumber } from "../../format/format";
import { useLicences } from "../useLicences";

/** Takes a row of fields out. */
export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return <Button appearance="subtle" icon={<DeleteRegular />} aria-label={label} title="Remove" onClick={onClick} />;
}

interface SkuFieldProps {
  label: string;
  value: string;
  onChange: (sku: string) => void;
}

/** One of the licences of the tenants that are meant. */
export function SkuField({ label, value, onChange }: SkuFieldProps) {
  const { licences, error } = useLicences();
  return (
    <Field label={label} validationMessage={error === null ? null : asProblem(error).detail}>
      <Select value={value} onChange={(_, data) => onChange(data.value)}>
        <option value="">Choose a licence</option>
        {licences.map(({ sku, name, available }) => (
          <option key={sku} value={sku}>
            {`${name} (${formatNumber(available)} left)`}
          </option>
        ))}
      </Select>
    </Field>
  );
}
