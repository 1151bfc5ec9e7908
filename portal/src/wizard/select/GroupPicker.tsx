import { Checkbox, Field, Input, makeStyles, SearchBox, Spinner, Text, tokens } from "@fluentui/react-components";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { FOUND, groupsQuery, resolveQuery } from "../../api/directory";
import { asProblem } from "../../api/problem";
import { nameOfTenant } from "../../api/queries";
import { ProblemMessage } from "../../components/ProblemMessage";
import { useDebounced } from "../../components/useDebounced";
import { formatCount } from "../../format/format";
import type { SelectionDraft } from "../draft/model";
import { keyOf, united } from "../draft/people";
import { useScope } from "../useScope";
import { Chosen } from "./Chosen";
import { Found, Remark } from "./Found";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
  field: { maxWidth: "520px" },
});

/** Tenants that are searched at once. */
const SEARCHED = 5;

interface PickerProps {
  selection: SelectionDraft;
  onChange: (change: Partial<SelectionDraft>) => void;
}

/** Groups found by their names, of each tenant; by its name alone where the tenants may be others tomorrow. */
export function GroupPicker({ selection, onChange }: PickerProps) {
  const styles = useStyles();
  const { wide } = useScope();
  return (
    <div className={styles.root}>
      {wide ? (
        <Field
          label="Display name of the group"
          hint="It is looked up in each tenant; a tenant without such a group is left alone and says so."
          className={styles.field}
        >
          <Input value={selection.groupName} onChange={(_, data) => onChange({ groupName: data.value })} />
        </Field>
      ) : (
        <GroupSearch selection={selection} onChange={onChange} />
      )}
      <Checkbox
        label="Members of groups inside it too"
        checked={selection.nested}
        onChange={(_, data) => onChange({ nested: data.checked === true })}
      />
    </div>
  );
}

function GroupSearch({ selection, onChange }: PickerProps) {
  const styles = useStyles();
  const { meant } = useScope();
  const [typed, setTyped] = useState("");
  const search = useDebounced(typed.trim());
  const tenants = meant.slice(0, SEARCHED);
  const found = useQueries({ queries: tenants.map(({ tenantId }) => groupsQuery(tenantId, search)) });
  const counts = useQueries({
    queries: selection.groups.map(({ tenant, id }) =>
      resolveQuery({ targets: [{ tenant, users: { group: { id, nested: selection.nested } } }] }),
    ),
  });
  const failed = found.find(({ error }) => error);
  const groups = tenants.flatMap((tenant, n) =>
    (found[n]?.data ?? []).map((group) => ({
      group,
      tenant,
      picked: { tenant: tenant.tenantId, id: group.id, name: group.displayName },
    })),
  );
  const chosen = new Set(selection.groups.map(keyOf));
  const full = found.some(({ data }) => data?.length === FOUND);

  function toggle(value: string, on: boolean) {
    const hit = groups.find(({ picked }) => keyOf(picked) === value);
    if (on && hit) onChange({ groups: united(selection.groups, [hit.picked]) });
    else onChange({ groups: selection.groups.filter((each) => keyOf(each) !== value) });
  }

  function countOf(n: number): string | undefined {
    const resolved = counts[n]?.data?.[0];
    if (counts[n]?.error || resolved?.error) return "cannot be counted";
    return resolved ? formatCount(resolved.count, "user") : "counting …";
  }

  if (meant.length === 0) return <Text>Choose a tenant first.</Text>;
  return (
    <>
      <Field
        label="Search groups"
        className={styles.field}
        hint={meant.length > SEARCHED ? `The first ${SEARCHED} tenants are searched.` : null}
      >
        <SearchBox
          placeholder="Beginning of a word of its name"
          value={typed}
          onChange={(_, data) => setTyped(data.value)}
        />
      </Field>
      {failed && <ProblemMessage problem={asProblem(failed.error)} onRetry={() => void failed.refetch()} />}
      {found.some(({ isPending }) => isPending) ? (
        <Spinner size="tiny" label="Searching …" />
      ) : (
        <Found
          label="Groups found"
          items={groups.map(({ group, tenant, picked }) => ({
            value: keyOf(picked),
            name: group.displayName,
            about: `${nameOfTenant(tenant)}${group.dynamic ? " · dynamic" : ""}`,
            more: group.memberCount === null ? undefined : formatCount(group.memberCount, "member"),
          }))}
          chosen={chosen}
          onToggle={toggle}
          after={
            groups.length === 0
              ? !failed && <Remark>Nothing matches.</Remark>
              : full && <Remark>There may be more: type more of the name.</Remark>
          }
        />
      )}
      <Chosen
        label="Chosen groups"
        what="group"
        items={selection.groups.map((each, n) => ({ value: keyOf(each), label: each.name, more: countOf(n) }))}
        onRemove={(value) => toggle(value, false)}
        onClear={() => onChange({ groups: [] })}
      />
    </>
  );
}
