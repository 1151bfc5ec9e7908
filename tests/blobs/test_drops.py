"""Names of dropped blobs: which mean something, and that nothing is told outside of their own folder (Trap 43)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.blobs.drops import MAX_PATH, NOWHERE, BadName, Drop, rejection_of
from shared.contracts.requests import KINDS

ID = "5b1f6f0e-6a0b-5c55-8f0e-1d6f6f1f7d43"
TENANT = "contoso.onmicrosoft.com"
PARTS = st.sampled_from([*KINDS, "Assign", TENANT, ID, "list.csv", "..", ".", "", "\\", "%2e%2e", "a\n", "ü", " "])
PATHS = st.lists(PARTS | st.text(max_size=8), max_size=6).map("/".join)


@pytest.mark.parametrize(
    ("path", "kind", "tenant"),
    [
        (f"assign/{TENANT}/list.csv", "assign", TENANT),
        (f"remove/{ID.upper()}/2026/november/leavers of today.csv", "remove", ID.upper()),
        (f"modify/{TENANT}/%2e%2e%2fsales & more.csv", "modify", TENANT),
        (f"transfer/{TENANT}/Größe 東京.csv", "transfer", TENANT),
        (f"assign/{TENANT}/{'x' * (MAX_PATH - 36)}.csv", "assign", TENANT),
    ],
)
def test_a_name_tells_operation_and_tenant(path: str, kind: str, tenant: str) -> None:
    """Deeper folders, blanks, letters of all kinds and per cent signs are part of the name, as they are written."""
    drop = Drop.named(path)
    stem = path.removesuffix(".csv")

    assert (drop.kind, drop.tenant, drop.fault) == (kind, tenant, None)
    assert drop.rest == f"{stem}.json"
    assert drop.receipt(ID) == f"{stem}.{ID}.csv"
    assert drop.failure(ID) == f"{stem}.{ID}.error.txt"
    assert drop.rejection == f"{stem}.rejected.txt"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        pytest.param("list.csv", "in no folder of drops", id="no folder"),
        pytest.param("assign/list.csv", "in no folder of drops", id="no tenant"),
        pytest.param(f"Assign/{TENANT}/list.csv", "none of assign, remove, modify, transfer, in small", id="case"),
        pytest.param(f"revert/{TENANT}/list.csv", "none of assign, remove", id="operation"),
        pytest.param(f"rejected/{TENANT}/list.csv", "none of assign, remove", id="our own folder"),
        pytest.param("assign/con toso/list.csv", "neither the id nor a domain", id="tenant"),
        pytest.param("assign/*/list.csv", "neither the id nor a domain", id="every tenant"),
        pytest.param(f"assign/{TENANT}/../../exports/list.csv", "ends with a dot", id="upwards"),
        pytest.param("assign/../list.csv", "ends with a dot", id="tenant upwards"),
        pytest.param(f"assign/{TENANT}/./list.csv", "ends with a dot", id="here"),
        pytest.param(f"assign/{TENANT}/a./list.csv", "ends with a dot", id="trailing dot"),
        pytest.param(f"assign/{TENANT}//list.csv", "is empty", id="empty part"),
        pytest.param(f"/assign/{TENANT}/list.csv", "is empty", id="leading slash"),
        pytest.param(f"assign/{TENANT}/", "is empty", id="a folder"),
        pytest.param(f"assign\\{TENANT}\\list.csv", "backslash", id="backslashes"),
        pytest.param(f"assign/{TENANT}/..\\..\\list.csv", "backslash", id="backslashes upwards"),
        pytest.param(f"assign/{TENANT}/a\nb.csv", "invisible", id="line break"),
        pytest.param(f"assign/{TENANT}/a\u202eb.csv", "invisible", id="right to left"),
        pytest.param(f"assign/{TENANT}/{'x' * MAX_PATH}.csv", "at most 900", id="too long"),
        pytest.param("", "is empty", id="nothing"),
    ],
)
def test_a_name_that_leads_nowhere_says_why(path: str, says: str) -> None:
    """Trap 43: no part of it is used for anything."""
    with pytest.raises(BadName, match=says):
        Drop.named(path)


@pytest.mark.parametrize("name", ["list.xlsx", "list", "list.CSV", "list.csv.gz", ".csv", "old/.csv"])
def test_another_ending_is_a_fault_of_the_file(name: str) -> None:
    """It lies in the right folder, so that it is told there."""
    drop = Drop.named(f"assign/{TENANT}/{name}")

    assert drop.fault
    assert drop.rejection.startswith(f"assign/{TENANT}/")


@given(PATHS)
def test_whatever_a_name_is_it_leads_to_its_own_folder_or_nowhere(path: str) -> None:
    """Trap 43: operation and tenant of the receipt are those of the drop; lengths are those that storage takes."""
    told = [rejection_of(path)]
    try:
        drop = Drop.named(path)
    except BadName:
        assert told[0].startswith(f"{NOWHERE}/")
        assert told[0].removeprefix(f"{NOWHERE}/").removesuffix(".txt").isalnum()
        return
    told = [drop.rejection, drop.receipt(ID), drop.failure(ID)]
    for name in told:
        assert name.startswith(f"{drop.kind}/{drop.tenant}/")
        assert not {"", ".", ".."} & set(name.split("/"))
        assert len(name) <= 1_024
        assert name != path


def test_a_version_is_one_operation_whoever_delivers_it() -> None:
    """Storage says ETags with quotes, its events without; another version, and another name, is another operation."""
    one, other = Drop.named(f"assign/{TENANT}/a.csv"), Drop.named(f"assign/{TENANT}/b.csv")

    assert one.operation_id('"0x1"') == one.operation_id("0x1")
    assert len({one.operation_id("0x1"), one.operation_id("0x2"), other.operation_id("0x1")}) == 3
