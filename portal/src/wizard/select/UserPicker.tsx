import {
  Button,
  Field,
  makeStyles,
  SearchBox,
  Select,
  Spinner,
  Text,
  Textarea,
  tokens,
} from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type DirectoryUser, usersQuery } from "../../api/directory";
import { asProblem } from "../../api/problem";
import { nameOfTenant } from "../../api/queries";
import type { Tenant } from "../../api/types";
import { ProblemMessage } from "../../components/ProblemMessage";
import { useDebounced } from "../../components/useDebounced";
import { formatCount } from "../../format/format";
import type { Picked } from "../draft/model";
import { type BadLine, keyOf, peopleIn, united } from "../draft/people";
import { useScope } from "../useScope";
import { Chosen } from "./Chosen";
import { Found, Remark } from "./Found";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  search: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalM,
    "& > *": { flexGrow: 1, maxWidth: "520px" },
  },
  row: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  bad: { margin: 0, paddingLeft: "20px", color: tokens.colorStatusDangerForeground1, overflowWrap: "anywhere" },
});

const BAD_SHOWN = 20;

interface UserPickerProps {
  users: readonly Picked[];
  onChange: (users: readonly Picked[]) => void;
}

/** People one by one: found in the directory, or pasted as a list. */
export function UserPicker({ users, onChange }: UserPickerProps) {
  const styles = useStyles();
  const { meant, wide } = useScope();
  const [at, setAt] = useState("");
  const tenant = meant.find(({ tenantId }) => tenantId === at) ?? meant[0];
  if (wide) return <Text>People can be named one by one only where the tenants are chosen one by one.</Text>;
  if (tenant === undefined) return <Text>Choose a tenant first.</Text>;
  return (
    <div className={styles.root}>
      <Search tenant={tenant} tenants={meant} onTenant={setAt} users={users} onChange={onChange} />
      <Paste tenants={meant} onPeople={(people) => onChange(united(users, people))} />
      <Chosen
        label="Chosen users"
        what="user"
        items={users.map((each) => ({ value: keyOf(each), label: each.name }))}
        onRemove={(value) => onChange(users.filter((each) => keyOf(each) !== value))}
        onClear={() => onChange([])}
      />
    </div>
  );
}

interface SearchProps extends UserPickerProps {
  tenant: Tenant;
  tenants: Tenant[];
  onTenant: (id: string) => void;
}

function Search({ tenant, tenants, onTenant, users, onChange }: SearchProps) {
  const styles = useStyles();
  const [typed, setTyped] = useState("");
  const search = useDebounced(typed.trim());
  const found = useInfiniteQuery(usersQuery(tenant.tenantId, search));
  const people = found.data?.pages.flatMap((page) => page.value) ?? [];

  function toggle(value: string, on: boolean) {
    const user = people.find((each) => keyOf(pickedOf(tenant, each)) === value);
    if (on && user) onChange(united(users, [pickedOf(tenant, user)]));
    else onChange(users.filter((each) => keyOf(each) !== value));
  }

  return (
    <>
      <div className={styles.search}>
        {tenants.length > 1 && (
          <Field label="Tenant to search">
            <Select value={tenant.tenantId} onChange={(_, data) => onTenant(data.value)}>
              {tenants.map((each) => (
                <option key={each.tenantId} value={each.tenantId}>
                  {nameOfTenant(each)}
                </option>
              ))}
            </Select>
          </Field>
        )}
        <Field label="Search users">
          <SearchBox
            placeholder="Beginning of a name or sign-in name"
            value={typed}
            onChange={(_, data) => setTyped(data.value)}
          />
        </Field>
      </div>
      {found.error && <ProblemMessage problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Spinner size="tiny" label="Searching …" />}
      {found.data && (
        <Found
          label="Users found"
          items={people.map((user) => ({
            value: keyOf(pickedOf(tenant, user)),
            name: user.displayName,
            about: [user.userPrincipalName, user.department].filter(Boolean).join(" · "),
            more: user.accountEnabled ? formatCount(user.licenses.length, "licence") : "sign-in blocked",
          }))}
          chosen={new Set(users.map(keyOf))}
          onToggle={toggle}
          after={
            people.length === 0 ? (
              <Remark>Nothing matches.</Remark>
            ) : (
              found.hasNextPage && (
                <Button
                  appearance="subtle"
                  size="small"
                  disabled={found.isFetchingNextPage}
                  onClick={() => void found.fetchNextPage()}
                >
                  Show more
                </Button>
              )
            )
          }
        />
      )}
    </>
  );
}

function pickedOf(tenant: Tenant, user: DirectoryUser): Picked {
  return { tenant: tenant.tenantId, id: user.userPrincipalName, name: user.userPrincipalName };
}

function Paste({ tenants, onPeople }: { tenants: Tenant[]; onPeople: (people: Picked[]) => void }) {
  const styles = useStyles();
  const [text, setText] = useState("");
  const [bad, setBad] = useState<BadLine[]>([]);

  function add() {
    const pasted = peopleIn(text, tenants);
    onPeople(pasted.people);
    setBad(pasted.bad);
    setText(pasted.bad.map((each) => each.text).join("\n"));
  }

  return (
    <>
      <Field label="Or paste a list" hint="Sign-in names or object ids, one a line or with commas between them.">
        <Textarea value={text} onChange={(_, data) => setText(data.value)} rows={3} resize="vertical" />
      </Field>
      <div className={styles.row}>
        <Button onClick={add} disabled={text.trim() === ""}>
          Add the list
        </Button>
      </div>
      {bad.length > 0 && (
        <ul className={styles.bad} aria-label="Lines that were not added">
          {bad.slice(0, BAD_SHOWN).map((each) => (
            <li key={`${each.line}|${each.text}`}>
              Line {each.line}: “{each.text}” {each.why}.
            </li>
          ))}
          {bad.length > BAD_SHOWN && <li>and {formatCount(bad.length - BAD_SHOWN, "more line")}</li>}
        </ul>
      )}
    </>
  );
}
