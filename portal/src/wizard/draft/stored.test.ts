import { beforeEach, describe, expect, it, vi } from "vitest";
import { emptyDraft } from "./model";
import { forgetDraft, keepDraft, storedDraft } from "./stored";

/** A tab's own store, with room for so many characters. */
function storage(room: number): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem(name, value) {
      if (value.length > room) throw new DOMException("full", "QuotaExceededError");
      kept.set(name, value);
    },
    removeItem: (name) => void kept.delete(name),
  };
}

const draft = { ...emptyDraft("Europe/Berlin"), reason: "CHG-7" };
const withCsv = (text: string) => ({ ...draft, people: { ...draft.people, csv: { name: "who.csv", text } } });

describe("a draft that is kept", () => {
  beforeEach(() => vi.stubGlobal("sessionStorage", storage(5_000_000)));

  it("comes back as it was, its CSV included", () => {
    keepDraft(withCsv("UserPrincipalName\nana@contoso.com"));
    expect(storedDraft()).toEqual({ draft: withCsv("UserPrincipalName\nana@contoso.com"), lost: null });
  });

  it("names a CSV that was too long for it", () => {
    keepDraft(withCsv("x".repeat(1_000_001)));
    expect(storedDraft()).toEqual({ draft, lost: "who.csv" });
  });

  it("is gone once it is forgotten", () => {
    keepDraft(draft);
    forgetDraft();
    expect(storedDraft()).toBeNull();
  });

  it("of another shape is none", () => {
    sessionStorage.setItem("draft", JSON.stringify({ shape: 0, draft, lost: null }));
    expect(storedDraft()).toBeNull();
  });

  it("leaves no older one behind where there is no room", () => {
    vi.stubGlobal("sessionStorage", storage(3_000));
    keepDraft(draft);
    keepDraft({ ...draft, reason: "x".repeat(4_000) });
    expect(storedDraft()).toBeNull();
  });
});
