"""Microsoft's list of products: read by the day, believed only when it looks like one, and kept when it does not."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import httpx
import pytest

from shared.blobs.products import CONTAINER, NAME
from shared.product_list import COLUMNS
from shared.services import Services, open_services
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import Api, assign_body
from triggers.timers.products import refresh_products

NEW = "Copilot for Everyone Plan 9"
NEW_SKU, NEW_PLAN = "11111111-2222-4333-8444-555555555555", "66666666-7777-4888-8999-000000000000"


@pytest.fixture
def source(simulator: Simulator) -> Iterator[str]:
    """Where the simulator serves the list; afterwards it is its own again."""
    yield f"{simulator.url}/product-names.csv"
    simulator.call("PUT", "/products")


@pytest.fixture
def listed(source: str) -> list[dict[str, str]]:
    """The rows of the simulator's own list."""
    return list(csv.DictReader(io.StringIO(httpx.get(source).content.decode("utf-8-sig"), newline="")))


def put(simulator: Simulator, rows: list[dict[str, str]], *, columns: tuple[str, ...] = COLUMNS) -> None:
    """Serve these rows."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    simulator.call("PUT", "/products", content=out.getvalue().encode("utf-8-sig"))


def row(**cells: str) -> dict[str, str]:
    """A row of a product that nobody has built in."""
    names = ("Product_Display_Name", "String_Id", "GUID", "Service_Plan_Name", "Service_Plan_Id")
    return dict(zip(names, (NEW, "COPILOT_9", NEW_SKU, "COPILOT_P9", NEW_PLAN), strict=True)) | cells


@pytest.fixture
async def reading(app: Services, source: str) -> AsyncIterator[Services]:
    """Services that read the list from the simulator."""
    services = open_services(replace(app.settings, catalogue_url=source))
    yield services
    await services.close()


async def test_a_product_that_is_not_built_in_can_be_named(
    api: Api, contoso: SimulatedTenant, reading: Services, listed: list[dict[str, str]]
) -> None:
    """By its friendly name, with its service plans; another process finds the list as well."""
    put(contoso.simulator, [*listed, row(GUID=f" {NEW_SKU.upper()} "), row(Product_Display_Name="An older name")])
    api = replace(api, app=reading)
    assert (await api.send("PUT", f"tenants/{contoso.id}", {})).status == 201
    body = assign_body(contoso.id, licenses=[{"sku": NEW.lower(), "disabledPlans": ["COPILOT_P9"]}])
    assert (await api.send("POST", "assign", body)).status == 422

    assert await refresh_products(reading)

    elsewhere = open_services(reading.settings)
    answer = await replace(api, app=elsewhere).send("POST", "assign", body)
    assert answer.status == 202
    found = elsewhere.products.known.find(NEW)
    assert found
    assert (found.id, found.part_number, [plan.name for plan in found.service_plans]) == (
        NEW_SKU,
        "COPILOT_9",
        ["COPILOT_P9"],
    )
    assert elsewhere.products.known.find("Microsoft Fabric (Free)")  # built in, and not in the list
    await elsewhere.close()


async def test_a_name_that_microsoft_gave_twice_means_the_tenants_own(
    api: Api, contoso: SimulatedTenant, reading: Services, listed: list[dict[str, str]]
) -> None:
    """What could be named before the list came can be named after it; who holds neither is shown both."""
    twins = [row(Product_Display_Name="Microsoft 365 E5"), row(Product_Display_Name="Microsoft 365 F3")]
    twins[1] |= {"GUID": NEW_PLAN, "String_Id": "SPE_F1_TWIN"}
    put(contoso.simulator, [*listed, *twins])
    assert await refresh_products(reading)
    api = replace(api, app=reading)
    assert (await api.send("PUT", f"tenants/{contoso.id}", {})).status == 201

    held = await api.send("POST", "assign", assign_body(contoso.id, licenses=[{"sku": "Microsoft 365 E5"}]))
    neither = await api.send("POST", "assign", assign_body(contoso.id, licenses=[{"sku": "Microsoft 365 F3"}]))

    assert held.status == 202
    assert neither.status == 422
    assert "SPE_F1 (" in neither.pointers["/licenses/0/sku"]
    assert "SPE_F1_TWIN" in neither.pointers["/licenses/0/sku"]


type Rows = list[dict[str, str]]


def cut_off(rows: Rows) -> Rows:
    """The beginning of a download."""
    return rows[:250]


def shrunk(rows: Rows) -> Rows:
    """A seventh has vanished."""
    return [each for n, each in enumerate(rows) if n % 7]


def without_guids(rows: Rows) -> Rows:
    """Some ids that are none."""
    return [each | {"GUID": "n/a"} if n % 50 == 0 else each for n, each in enumerate(rows)]


def made_up(rows: Rows) -> Rows:
    """Nothing that anybody knows."""
    return [each | {"GUID": f"{n:08x}-0000-4000-8000-000000000000"} for n, each in enumerate(rows)]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (cut_off, "250 rows"),
        (without_guids, "lack a name or an id"),
        (made_up, "well-known"),
        (shrunk, "shrunk"),
    ],
    ids=["cut off", "ids that are none", "another list", "shrunk"],
)
async def test_a_list_that_cannot_be_believed_leaves_the_last_good_one(
    reading: Services,
    simulator: Simulator,
    listed: Rows,
    broken: Callable[[Rows], Rows],
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says why."""
    assert await refresh_products(reading)
    good = await reading.products.read()
    put(simulator, broken(listed))

    assert not await refresh_products(reading)

    assert await reading.products.read() == good
    assert said in caplog.text


@pytest.mark.parametrize(
    "content",
    [b"<!DOCTYPE html><title>Sorry</title>", b"PK\x03\x04zip", b"Name,GUID\nx,y\n"],
    ids=["page", "zip", "csv"],
)
async def test_another_file_is_not_the_list(reading: Services, simulator: Simulator, content: bytes) -> None:
    """A page that says sorry with 200, an archive, a CSV of something else."""
    simulator.call("PUT", "/products", content=content)

    assert not await refresh_products(reading)
    assert await reading.products.read() is None
    await reading.products.refresh()
    assert reading.products.known.find("Microsoft 365 E5")


async def test_a_source_that_does_not_answer_changes_nothing(reading: Services, simulator: Simulator) -> None:
    """Neither one that is not there nor one that knows no such file."""
    assert await refresh_products(reading)
    good = await reading.products.read()
    for url in ("http://127.0.0.1:9/list.csv", f"{simulator.url}/nothing.csv"):
        other = open_services(replace(reading.settings, catalogue_url=url))
        assert not await refresh_products(other)
        assert await other.products.read() == good
        await other.close()


async def test_an_unchanged_list_is_not_read_again(
    reading: Services, simulator: Simulator, listed: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    """The source is asked with the ETag that it gave; a slip in a row is left out of an otherwise good list."""
    put(simulator, [*listed, row(Service_Plan_Id="?")])
    assert await refresh_products(reading)
    first = await reading.products.read()
    assert first
    assert first.rows == len(listed)

    assert not await refresh_products(reading)
    assert await reading.products.read() == first
    assert "not taken over" not in caplog.text


async def test_a_broken_blob_is_survived_and_mended(reading: Services) -> None:
    """What is built in counts meanwhile, and the next look writes the list anew."""
    await reading.blobs.write(CONTAINER, NAME, b"garbage", media_type="application/gzip")

    await reading.products.refresh()
    assert reading.products.known.find("Microsoft 365 E5")
    assert await refresh_products(reading)
    assert await reading.products.read()


async def test_off_reads_and_stores_nothing(app: Services) -> None:
    """As on the local stack, which calls nobody."""
    assert app.settings.catalogue_url is None
    assert not await refresh_products(app)
    await app.products.refresh()
    assert await app.products.read() is None
