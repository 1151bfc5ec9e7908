"""What a group that does not exist was probably meant to be, over HTTP from the simulator."""

import pytest

from shared.domain.advice import advice
from shared.errors import GroupNotFound
from shared.graph.directory import Directory, Graph
from tests.support.simulator import SimulatedTenant, Simulator

FREE = "cccccccc-0000-4000-8000-000000000000"
TWINS = ("bbbbbbbb-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002")


@pytest.fixture
def named(simulator: Simulator) -> SimulatedTenant:
    """A tenant with groups of similar names, two of one name."""
    names = ["Sales Department", "Sales EMEA", "Marketing", "All Company", "Field Sales & Service", 'Say "hi"']
    groups = [{"displayName": name} for name in names]
    return simulator.load(groups=[*groups, *({"displayName": "Project X", "id": twin} for twin in TWINS)])


@pytest.fixture
def groups(graph: Graph, named: SimulatedTenant) -> Directory:
    """Its directory."""
    return graph.directory(named.id)


async def missing(directory: Directory, name: str) -> str:
    """What is said of a display name that no group has."""
    with pytest.raises(GroupNotFound) as caught:
        await directory.find_group(id=None, display_name=name)
    return str(caught.value)


def unhinted(directory: Directory, name: str) -> str:
    """The same with no group to name: what to do next is told all the same."""
    return f"There is no group named {name!r} in tenant {directory.tenant_id}. {advice('GroupNotFound')}"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        pytest.param("Sales Departmnt", "nearest: Sales Department", id="one word is right"),
        pytest.param("Markting", "nearest: Marketing.", id="no word is right"),
        pytest.param("sales", "nearest: Sales EMEA, ", id="too short"),
        pytest.param("EMEA Sales", "nearest: Sales EMEA", id="another order"),
        pytest.param('Say "ho"', 'nearest: Say "hi".', id="signs of a search"),
    ],
)
async def test_a_misspelt_group_names_the_nearest(groups: Directory, name: str, nearest: str) -> None:
    """At most three, in the error that ends the tenant."""
    told = await missing(groups, name)

    assert told.startswith(f"There is no group named {name!r} in tenant {groups.tenant_id}; ")
    assert nearest in told
    assert told.partition("nearest: ")[2].partition(".")[0].count(",") <= 2
    assert told.endswith(advice("GroupNotFound"))


async def test_groups_of_one_name_are_named_with_their_ids(groups: Directory) -> None:
    """The name alone would lead to the next error."""
    told = await missing(groups, "Project Y")

    assert all(f"Project X ({twin})" in told for twin in TWINS)


@pytest.mark.parametrize("name", ["Qwertz", "!", "ab"])
async def test_what_resembles_nothing_has_no_hint(groups: Directory, named: SimulatedTenant, name: str) -> None:
    """No word to search for, or none that is found."""
    assert await missing(groups, name) == unhinted(groups, name)
    assert len(named.requests("$search")) == {"Qwertz": 2, "!": 0, "ab": 1}[name]


@pytest.mark.parametrize("kind", ["403", "429", "503"])
async def test_a_search_that_fails_hides_nothing(groups: Directory, named: SimulatedTenant, kind: str) -> None:
    """That the group is not there is known; the hint is all that is missing."""
    named.fault("GET /groups?$search", kind, retryAfter=60 if kind == "429" else 0)

    assert await missing(groups, "Markting") == unhinted(groups, "Markting")
    assert named.requests("$search")


async def test_an_id_has_no_hint(groups: Directory, named: SimulatedTenant) -> None:
    """Ids are copied, not typed."""
    with pytest.raises(GroupNotFound) as caught:
        await groups.find_group(id=FREE, display_name=None)
    assert "nearest" not in str(caught.value)
    assert not named.requests("$search")
