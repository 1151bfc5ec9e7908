import { describe, expect, it } from "vitest";
import type { Tenant } from "../../api/types";
import { columnsOf, lineOf, rowsOf, textOf } from "./csv";
import { faultsOfChange, faultsOfSelection } from "./faults";
import { newRow, odataOf } from "./filter";
import { type Draft, emptyDraft } from "./model";
import { peopleIn, united } from "./people";
import { type Action, reduce } from "./reducer";
import { bodyOf, executeBodyOf, previewRequestOf, whomOf } from "./request";

const CONTOSO = "3f1c6a52-8d0b-4f6e-9a1d-5b7c2e9d4a10";
const FABRIKAM = "7a2e9d4b-1c5f-4e8a-b3d6-9f0c4a7e2b21";
const SALES = { tenant: CONTOSO, id: "sales", name: "Sales Department" };
const OPTIONS = { onInsufficientLicenses: "fail", onConflict: "skip" };

function draftAfter(...actions: Action[]): Draft {
  return actions.reduce(reduce, emptyDraft("Europe/Berlin"));
}

function tenant(tenantId: string, ...domains: string[]): Tenant {
  return { tenantId, domains } as Tenant;
}

const E5 = { do: "change", change: { assign: [{ sku: "SPE_E5", mode: "off", plans: ["SWAY"] }] } } as const;
const SALES_ONLY: Action[] = [
  { do: "scope", scope: [CONTOSO] },
  { do: "people", change: { groups: [SALES] } },
];

describe("whom a draft means", () => {
  it("is a target for each group, with exclusions beside them", () => {
    const pilots = { tenant: CONTOSO, id: "pilots", name: "Pilots" };
    const draft = draftAfter(
      { do: "scope", scope: [CONTOSO] },
      { do: "people", change: { groups: [SALES, pilots], nested: false } },
      { do: "set", change: { excluding: true, guests: true } },
      { do: "excluded", change: { users: [{ tenant: CONTOSO, id: "ana@contoso.com", name: "Ana" }] } },
    );
    const include = { guests: true, disabled: false };
    expect(whomOf(draft)).toEqual({
      targets: [
        {
          tenant: CONTOSO,
          users: { group: { id: "sales", nested: false } },
          exclude: { users: ["ana@contoso.com"] },
          include,
        },
        { tenant: CONTOSO, users: { group: { id: "pilots", nested: false } }, include },
      ],
    });
  });

  it("keeps every exclusion where there are more of them than of groups", () => {
    const excluded = ["a", "b"].map((id) => ({ tenant: CONTOSO, id, name: id }));
    const draft = draftAfter(
      ...SALES_ONLY,
      { do: "set", change: { excluding: true } },
      { do: "excluded", change: { by: "group", groups: excluded } },
    );
    expect(whomOf(draft)).toMatchObject({
      targets: [{ exclude: { group: { id: "a" } } }, { exclude: { group: { id: "b" } } }],
    });
  });

  it("is one CSV where its rows name the tenants, and a CSV of the tenant otherwise", () => {
    const csv = { name: "a.csv", text: "UserPrincipalName;Tenant\nana@contoso.com;contoso.com" };
    const chosen: Action = { do: "people", change: { by: "csv", csv } };
    expect(whomOf(draftAfter({ do: "scope", scope: [CONTOSO, FABRIKAM] }, chosen))).toEqual({ csv: csv.text });
    expect(whomOf(draftAfter({ do: "scope", scope: [CONTOSO] }, chosen))).toEqual({
      targets: [{ tenant: CONTOSO, users: { csv: csv.text } }],
    });
  });

  it("is nobody until somebody is named", () => {
    expect(whomOf(draftAfter({ do: "scope", scope: [CONTOSO] }))).toBeNull();
    expect(previewRequestOf(draftAfter())).toBeNull();
  });
});

describe("the tenants that are meant", () => {
  it("are all of them, or some of them, never both", () => {
    expect(draftAfter({ do: "scope", scope: [CONTOSO] }, { do: "scope", scope: [CONTOSO, "*"] }).scope).toEqual(["*"]);
    expect(draftAfter({ do: "scope", scope: ["*"] }, { do: "scope", scope: ["*", CONTOSO] }).scope).toEqual([CONTOSO]);
  });

  it("take along whom was picked in them when they are taken out", () => {
    const draft = draftAfter(...SALES_ONLY, { do: "scope", scope: [FABRIKAM] });
    expect(draft.people.groups).toEqual([]);
    expect(faultsOfSelection(draft, () => "Fabrikam")).toEqual(["Choose at least one group."]);
  });

  it("must each have somebody who is meant", () => {
    const draft = draftAfter(
      { do: "scope", scope: [CONTOSO, FABRIKAM] },
      { do: "people", change: { groups: [SALES] } },
    );
    expect(faultsOfSelection(draft, (id) => (id === FABRIKAM ? "Fabrikam" : id))).toEqual([
      "Nobody is chosen in Fabrikam: choose some, or take the tenant out.",
    ]);
  });
});

describe("a filter", () => {
  it("is written as OData, with quotes doubled and rows without a value left out", () => {
    const rows = [
      { ...newRow("department"), value: "R'n'D" },
      { ...newRow("displayName"), operator: "startsWith", value: "An" } as const,
      newRow("accountEnabled"),
      newRow("city"),
    ];
    const filter = { join: "and", rows, licensed: "", text: null } as const;
    expect(odataOf(filter)).toBe("department eq 'R''n''D' and startsWith(displayName,'An') and accountEnabled eq true");
    expect(odataOf({ ...filter, text: " city eq 'Rome' " })).toBe("city eq 'Rome'");
  });
});

describe("a pasted list", () => {
  const tenants = [tenant(CONTOSO, "contoso.com"), tenant(FABRIKAM, "fabrikam.com")];

  it("gives people to the tenants of their domains, each once, and names lines that are of none", () => {
    const { people, bad } = peopleIn(
      "ana@contoso.com, Bo <Bo@FABRIKAM.com>\n\nANA@contoso.com\ncy@nowhere.com; junk",
      tenants,
    );
    expect(people.map(({ tenant, id }) => [tenant, id])).toEqual([
      [CONTOSO, "ANA@contoso.com"],
      [FABRIKAM, "Bo@FABRIKAM.com"],
    ]);
    expect(bad.map(({ line, text }) => [line, text])).toEqual([
      [4, "cy@nowhere.com"],
      [4, "junk"],
    ]);
  });

  it("is of the only tenant, whatever the domains, and object ids are people too", () => {
    const id = "0f1b2a3c-4d50-4a6d-8c9e-d1a5e7c03b2f";
    const { people, bad } = peopleIn(`${id}\nana@elsewhere.com`, [tenant(CONTOSO, "contoso.com")]);
    expect(people).toHaveLength(2);
    expect(bad).toEqual([]);
    expect(united(people, people)).toHaveLength(2);
    expect(peopleIn(id, tenants).bad).toHaveLength(1);
  });
});

describe("a CSV file", () => {
  const file = { name: "a.csv", text: 'UserPrincipalName,"LicenseSKU"\r\nana@contoso.com,SPE_E5\r\n\r\n' };

  it("is known by its columns, rows and lines", () => {
    expect(columnsOf(file)).toEqual(["UserPrincipalName", "LicenseSKU"]);
    expect(rowsOf(file)).toBe(1);
    expect(lineOf(file, 2)).toBe("ana@contoso.com,SPE_E5");
  });

  it("is read in what Excel saves, and a workbook is none", () => {
    expect(textOf(new Uint8Array([0xef, 0xbb, 0xbf, 0x41]))).toBe("A");
    expect(textOf(new Uint8Array([0xff, 0xfe, 0x41, 0]))).toBe("A");
    expect(textOf(new Uint8Array([0x5a, 0xfc]))).toBe("Zü");
    expect(textOf(new Uint8Array([0x50, 0x4b, 3, 4, 0]))).toBeNull();
  });
});

describe("the request of a draft", () => {
  it("assigns with plans off, location and options", () => {
    const draft = draftAfter(
      ...SALES_ONLY,
      E5,
      { do: "change", change: { location: "country", country: "DE", locationAlways: true } },
      { do: "options", change: { partial: true, maxUsers: 500, canary: { users: 10, approve: "manual" } } },
      { do: "set", change: { reason: " CHG-1 " } },
    );
    expect(previewRequestOf(draft)).toEqual({
      operation: "assign",
      targets: [{ tenant: CONTOSO, users: { group: { id: "sales", nested: true } } }],
      licenses: [{ sku: "SPE_E5", disabledPlans: ["SWAY"] }],
      usageLocation: { value: "DE", mode: "always" },
      options: {
        canary: { users: 10, approve: "manual" },
        onInsufficientLicenses: "partial",
        onConflict: "skip",
        maxUsers: 500,
      },
      reason: "CHG-1",
    });
    expect(executeBodyOf(draft, "p", 247)).toEqual({
      previewId: "p",
      confirm: 247,
      options: { canary: { users: 10, approve: "manual" } },
      reason: "CHG-1",
    });
  });

  it("removes all with a grace, keeping the mailbox", () => {
    const draft = draftAfter(
      ...SALES_ONLY,
      { do: "set", change: { kind: "remove" } },
      {
        do: "change",
        change: { removeAll: true, graceDays: 30, mailbox: "replaceWith", replaceWith: "EXCHANGESTANDARD" },
      },
    );
    expect(bodyOf(draft)).toMatchObject({
      licenses: "all",
      grace: { days: 30, during: "keep" },
      mailbox: { replaceWith: "EXCHANGESTANDARD" },
      options: OPTIONS,
    });
  });

  it("modifies and transfers", () => {
    const modify = draftAfter(
      ...SALES_ONLY,
      { do: "set", change: { kind: "modify" } },
      {
        do: "change",
        change: {
          edits: [{ sku: "SPE_E3", on: ["SWAY"], off: [] }],
          add: [{ sku: "POWER_BI_PRO", mode: "only", plans: ["BI_AZURE_P2"] }],
          swaps: [{ from: "SPE_E3", to: "SPE_E5" }],
        },
      },
    );
    expect(bodyOf(modify)).toMatchObject({
      licenses: [{ sku: "SPE_E3", enablePlans: ["SWAY"], disablePlans: [] }],
      add: [{ sku: "POWER_BI_PRO", enabledPlans: ["BI_AZURE_P2"] }],
      swap: [{ from: "SPE_E3", to: "SPE_E5" }],
    });
    const transfer = draftAfter(
      ...SALES_ONLY,
      { do: "set", change: { kind: "transfer" } },
      { do: "change", change: { moves: [{ from: ["EMS", "ENTERPRISEPACK"], to: "SPE_E3", keep: true }] } },
    );
    expect(bodyOf(transfer)).toMatchObject({
      transfers: [{ from: ["EMS", "ENTERPRISEPACK"], to: "SPE_E3", keepDisabledPlans: true }],
    });
  });

  it("is scheduled once beside a preview, and again and again in the body itself", () => {
    const once = draftAfter(...SALES_ONLY, E5, {
      do: "when",
      change: { kind: "once", name: "E5", at: "2026-12-01T02:00" },
    });
    expect(executeBodyOf(once, "p", null).schedule).toEqual({
      name: "E5",
      runAt: new Date("2026-12-01T02:00").toISOString(),
    });
    expect(bodyOf(once)).toMatchObject({ schedule: { name: "E5" } });
    expect(previewRequestOf(once)).not.toHaveProperty("schedule");
    const weekly = draftAfter(...SALES_ONLY, E5, {
      do: "when",
      change: { kind: "recurring", name: "E5", maxChanges: 50 },
    });
    expect(bodyOf(weekly)).toMatchObject({
      schedule: {
        name: "E5",
        recurrence: {
          frequency: "weekly",
          interval: 1,
          daysOfWeek: ["monday"],
          time: "02:00",
          timeZone: "Europe/Berlin",
        },
        maxChangesPerRun: 50,
      },
    });
  });
});

describe("what is missing", () => {
  it("is named for each kind", () => {
    const faults = (...actions: Action[]) => faultsOfChange(draftAfter(...SALES_ONLY, ...actions));
    expect(faults()).toEqual(["Choose at least one licence to assign."]);
    expect(faults(E5)).toEqual([]);
    expect(faults(E5, { do: "change", change: { location: "country", country: "Germany" } })).toHaveLength(1);
    expect(faults(E5, { do: "when", change: { kind: "once" } })).toHaveLength(2);
    expect(faults(E5, { do: "options", change: { canary: { users: null, approve: "auto" } } })).toHaveLength(1);
    for (const kind of ["remove", "modify", "transfer"] as const) {
      expect(faults({ do: "set", change: { kind } })).toHaveLength(1);
    }
  });

  it("is nothing where the rows of a CSV say it", () => {
    const csv = { name: "a.csv", text: "UserPrincipalName,LicenseSKU\nana@contoso.com,SPE_E5" };
    const draft = draftAfter({ do: "scope", scope: [CONTOSO] }, { do: "people", change: { by: "csv", csv } });
    expect(faultsOfSelection(draft, String)).toEqual([]);
    expect(faultsOfChange(draft)).toEqual([]);
  });
});
