import { Field, Input, makeStyles, Switch, Textarea, tokens } from "@fluentui/react-components";
import { Boxes } from "../../components/Boxes";
import { faultAt } from "../../components/faults";
import { KINDS } from "../../components/words";
import { DROPS, type Draft, EVENTS } from "./draft";

const useStyles = makeStyles({
  root: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 320px), 1fr))",
    alignItems: "start",
    gap: `${tokens.spacingVerticalL} ${tokens.spacingHorizontalXXL}`,
  },
});

interface TenantFieldsetProps {
  draft: Draft;
  onChange: (changed: Partial<Draft>) => void;
  /** Why the last try was refused. */
  error: unknown;
}

/** What an administrator says of a tenant; faults stand at their fields. */
export function TenantFieldset({ draft, onChange, error }: TenantFieldsetProps) {
  const styles = useStyles();
  const at = (pointer: string) => ({ validationMessage: faultAt(error, pointer) ?? null });
  return (
    <div className={styles.root}>
      <Field label="Tags" hint="Separated by commas. An operation may mean all tenants with a tag." {...at("/tags")}>
        <Input value={draft.tags} onChange={(_, data) => onChange({ tags: data.value })} />
      </Field>
      <Field
        label="Default usage location"
        hint="Two letters of ISO 3166, such as DE. Operations may set it where a user has none."
        {...at("/defaultUsageLocation")}
      >
        <Input
          value={draft.defaultUsageLocation}
          maxLength={2}
          onChange={(_, data) => onChange({ defaultUsageLocation: data.value })}
        />
      </Field>
      <Field
        label="Protected users"
        hint="One a line, by principal name or id. No operation ever changes them."
        {...at("/protectedUsers")}
      >
        <Textarea
          value={draft.protectedUsers}
          rows={4}
          spellCheck={false}
          onChange={(_, data) => onChange({ protectedUsers: data.value })}
        />
      </Field>
      <Field
        label="Credential"
        hint="Which of the app's credentials is used here; default unless it has several."
        {...at("/credential")}
      >
        <Input
          value={draft.credential}
          spellCheck={false}
          onChange={(_, data) => onChange({ credential: data.value })}
        />
      </Field>
      <Field
        label="Notify this address"
        hint="Gets a signed POST of operations in this tenant. Empty for nobody."
        {...at("/notify/url")}
      >
        <Input
          type="url"
          value={draft.notifyUrl}
          spellCheck={false}
          placeholder="https://"
          onChange={(_, data) => onChange({ notifyUrl: data.value })}
        />
      </Field>
      <Boxes
        legend="Notify when an operation …"
        all={EVENTS}
        chosen={draft.notifyOn}
        fault={faultAt(error, "/notify/on")}
        onChange={(notifyOn) => onChange({ notifyOn })}
      />
      <Boxes
        legend="Files in license-drops may start"
        all={DROP_NAMES}
        chosen={draft.drops}
        fault={faultAt(error, "/drops")}
        onChange={(drops) => onChange({ drops })}
      />
      <Field label="Operations in this tenant" {...at("/enabled")}>
        <Switch
          checked={draft.enabled}
          label={draft.enabled ? "Allowed" : "Disabled"}
          onChange={(_, data) => onChange({ enabled: data.checked })}
        />
      </Field>
    </div>
  );
}

const DROP_NAMES = Object.fromEntries(DROPS.map((drop) => [drop, KINDS[drop]])) as Record<
  (typeof DROPS)[number],
  string
>;
