"""Files put into ``license-drops``: each version starts once, or it is said beside its receipt's place why not."""

import asyncio
import gzip
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from azure.storage.blob.aio import ContainerClient

from shared.blobs.drops import CONTAINER as DROPS
from shared.blobs.drops import Drop
from shared.blobs.exports import CONTAINER as RESULTS
from shared.contracts.operation_body import OperationBody
from shared.contracts.stored import parse_stored
from shared.csv import reading
from shared.domain.caller import SYSTEM
from shared.domain.operation import Actor, Operation
from shared.domain.selection import NamedUser, RowLicence, Wish
from shared.errors import DependencyDown
from tests.support.simulator import Simulator
from tests.triggers.conftest import E5, Api, Without
from triggers.drops import dropped
from triggers.drops.drop import take
from triggers.drops.dropped import MAX_BYTES, operation_from

HEADER = "UserPrincipalName,LicenseSKU,DisabledPlans,Tenant\n"
ROWS = "UserPrincipalName,LicenseSKU\nana@contoso.com,SPE_E5\nben@contoso.com,SPE_E5\n"
FOLDER = "assign/contoso.com"
DROP = f"{FOLDER}/list.csv"


@dataclass
class Drops:
    """Puts blobs into the container, and delivers them as the host does."""

    api: Api
    container: ContainerClient

    async def put(self, content: str | bytes | dict[str, Any], path: str = DROP) -> str:
        """Put a blob there; gives its ETag."""
        data = json.dumps(content) if isinstance(content, dict) else content
        return (await self.container.get_blob_client(path).upload_blob(data, overwrite=True))["etag"]

    async def deliver(self, path: str = DROP) -> None:
        """Tell the app of a blob."""
        await take(self.api.app, self.api.start, path)

    async def drop(self, content: str | bytes, path: str = DROP, **beside: Any) -> Operation | None:
        """Put and deliver a file, and before it what stands beside it; gives the operation that it has started."""
        if beside:
            await self.put(beside, Drop.named(path).rest)
        etag = await self.put(content, path)
        before = len(self.api.started)
        await self.deliver(path)
        if len(self.api.started) == before:
            return None
        return await self.api.app.operations.get(SYSTEM, Drop.named(path).operation_id(etag))

    async def refused(self, content: str | bytes, path: str = DROP, **beside: Any) -> str:
        """What is told of a file that starts nothing."""
        assert await self.drop(content, path, **beside) is None
        return (await self.results())[Drop.named(path).rejection]

    async def results(self) -> dict[str, str]:
        """Everything that is told."""
        results = await self.api.app.blobs.container(RESULTS)
        names = [name async for name in results.list_blob_names()]
        return {name: (await (await results.download_blob(name)).readall()).decode() for name in names}

    async def rows(self, operation: Operation) -> list[NamedUser]:
        """The rows that an operation will read."""
        [target] = (await self.request(operation)).targets
        assert target.users.csv
        found, more = await self.api.app.rows.read(target.users.csv, 0)
        assert not more
        return list(found)

    async def request(self, operation: Operation) -> OperationBody:
        """The stored request of an operation."""
        return parse_stored(operation.kind, await self.api.app.staging.get(operation.request_sha))


@pytest.fixture
async def drops(api: Api, registered: str) -> Drops:
    """The drops of Contoso, which takes assigns."""
    await api.send("PUT", f"tenants/{registered}", {"drops": ["assign"]})
    return Drops(api, await api.app.blobs.container(DROPS))


async def test_a_file_starts_the_operation_of_its_folder_with_its_rows(drops: Drops, registered: str) -> None:
    """The operation says who it was, which file, and that rows are to be read."""
    operation = await drops.drop(ROWS)

    assert operation
    assert (operation.kind, operation.drop) == ("assign", DROP)
    assert operation.created_by == Actor("drop:license-drops", f"license-drops/{DROP}")
    assert [(part.tenant_id, part.rows_read) for part in operation.tenants] == [(registered, 0)]
    wish = Wish((RowLicence(E5),), with_request=False)
    assert await drops.rows(operation) == [NamedUser("ana@contoso.com", wish), NamedUser("ben@contoso.com", wish)]
    assert await drops.results() == {}


async def test_a_version_starts_once_and_the_next_one_again(drops: Drops) -> None:
    """Trap 43: delivered again and side by side it is one operation; put there anew it is another one."""
    first = await drops.drop(ROWS)
    await asyncio.gather(*(drops.deliver() for _ in range(4)))
    await drops.put(ROWS, f"{FOLDER}/other.csv")
    await asyncio.gather(*(drops.deliver(f"{FOLDER}/other.csv") for _ in range(4)))
    again = await drops.drop(ROWS)

    assert first
    assert again
    assert first.id != again.id
    assert len(drops.api.started) == len({instance for _, instance, _ in drops.api.started}) == 3


async def test_a_version_that_was_replaced_or_deleted_starts_nothing(drops: Drops) -> None:
    """What was announced is read or nothing is; the newer version comes by itself."""
    app, drop = drops.api.app, Drop.named(DROP)
    await drops.put(ROWS)
    old = await app.drops.look(DROP)
    assert old
    await drops.put(ROWS + "cle@contoso.com,SPE_E5\n")
    replaced = await operation_from(app, drop, old)
    newer = await app.drops.look(DROP)
    assert newer
    await drops.container.delete_blob(DROP)
    deleted = await operation_from(app, drop, newer)
    await drops.deliver()

    assert (replaced, deleted, drops.api.started) == (None, None, [])
    assert await drops.results() == {}
    assert [name async for name in (await app.blobs.container("staging")).list_blob_names()] == []


async def test_a_json_beside_it_holds_the_rest_of_the_body(drops: Drops) -> None:
    """Licences for rows that name none, options, reason and exclusions; with or without the target."""
    beside: dict[str, Any] = {
        "targets": [{"tenant": "CONTOSO.onmicrosoft.com", "exclude": {"users": ["cle@contoso.com"]}}],
        "licenses": [{"sku": "SPE_E5"}],
        "options": {"maxUsers": 7},
        "confirm": 1,
        "reason": "New people",
    }
    operation = await drops.drop("UserPrincipalName\nana@contoso.com\n", **beside)
    del beside["targets"]
    plain = await drops.drop("UserPrincipalName\nana@contoso.com\n", f"{FOLDER}/plain.csv", **beside)

    assert operation
    assert plain
    assert (operation.reason, operation.guards.max_users, operation.guards.confirm) == ("New people", 7, 1)
    assert await drops.rows(operation) == [NamedUser("ana@contoso.com")]
    [target] = (await drops.request(operation)).targets
    assert target.exclude
    assert target.exclude.users == ("cle@contoso.com",)
    assert [each.sku for each in (await drops.request(plain)).licences] == [E5]


async def test_the_json_itself_starts_nothing(drops: Drops) -> None:
    """It is read with its file; put there alone it waits."""
    await drops.put({"licenses": []}, f"{FOLDER}/list.json")
    await drops.deliver(f"{FOLDER}/list.json")

    assert drops.api.started == []
    assert await drops.results() == {}


@pytest.mark.parametrize(
    ("beside", "says"),
    [
        pytest.param("{", "list.json is no JSON: EOF", id="no JSON"),
        pytest.param("[]", "list.json must be a JSON object.", id="no object"),
        pytest.param('{"reason": "a", "reason": "b"}', "the field reason stands twice", id="twice"),
        pytest.param({"licences": []}, "list.json /licences: This field is not known", id="field"),
        pytest.param({"licenses": [{"sku": "SPE-E5"}]}, "list.json /licenses/0/sku: SPE-E5 is no known", id="SKU"),
        pytest.param({"csv": ROWS}, "list.json /csv: The rows are the dropped file", id="csv"),
        pytest.param({"previewId": "x"}, "list.json /previewId: A drop makes its own plan", id="preview"),
        pytest.param({"schedule": {}}, "list.json /schedule: A drop starts at once", id="schedule"),
        pytest.param({"targets": []}, "list.json /targets: Leave targets out", id="no target"),
        pytest.param({"targets": [{}, {}]}, "list.json /targets: Leave targets out", id="two targets"),
        pytest.param({"targets": "x"}, "list.json /targets: Leave targets out", id="no list"),
        pytest.param({"targets": [{}]}, "list.json /targets/0/tenant: This field is missing", id="of no tenant"),
        pytest.param(
            {"targets": [{"tenant": "contoso.com", "users": {"licensed": "none"}}]},
            "list.json /targets/0/users: The users are the rows",
            id="users",
        ),
        pytest.param({"targets": [{"tenant": "fabrikam.com"}]}, "There is no tenant fabrikam.com", id="foreign"),
        pytest.param({"x\nline 9": 1}, "list.json /x\\nline 9: This field is not known", id="line break"),
    ],
)
async def test_a_json_that_does_not_fit_is_refused_with_pointers(
    drops: Drops, simulator: Simulator, beside: str | dict[str, Any], says: str
) -> None:
    """As a body over HTTP is; nothing starts."""
    other = simulator.load(displayName="Fabrikam", domains=["fabrikam.com"])
    await drops.api.send("PUT", f"tenants/{other.id}", {})
    await drops.put(beside, f"{FOLDER}/list.json")

    assert says in await drops.refused(ROWS)


async def test_a_refused_file_names_each_bad_line(drops: Drops) -> None:
    """With the version that was refused; good lines between are not told."""
    rows = "ana@contoso.com,SPE_E5,,contoso.com\nben,SPE_E5,,contoso.com\ncle@contoso.com,SPE_E5,,\n"
    etag = await drops.put(HEADER + rows)
    await drops.deliver()
    lines = (await drops.results())[f"{FOLDER}/list.rejected.txt"].splitlines()

    assert lines[0] == f"license-drops/{DROP} was not taken, nothing was started."
    assert etag in lines[1]
    assert [line.partition(":")[0] for line in lines[4:]] == ["line 3", "line 4"]
    assert "'ben'" in lines[4]
    assert drops.api.started == []


async def test_a_row_of_another_tenant_is_refused_and_tells_nothing_of_it(drops: Drops, simulator: Simulator) -> None:
    """Who may drop into one folder learns of no other tenant: a registered one looks like one that is not."""
    other = simulator.load(displayName="Fabrikam", domains=["fabrikam.com"])
    await drops.api.send("PUT", f"tenants/{other.id}", {})
    told: list[str] = []
    for name in ("fabrikam.com", "no-such.com"):
        text = await drops.refused(f"{HEADER}a@contoso.com,SPE_E5,,CONTOSO.com\nb@contoso.com,SPE_E5,,{name}\n")
        told.append(text.splitlines()[-1].replace(name, "X"))

    assert told[0] == told[1]
    assert told[0].startswith("line 3: There is no tenant X")


async def test_many_bad_lines_are_counted_and_the_first_told(drops: Drops) -> None:
    """The text stays one that can be looked through."""
    lines = (await drops.refused("UserPrincipalName\n" + "nobody\n" * 5_000)).splitlines()

    assert "it has 5,000 faults, the first 100 are told" in lines[3]
    assert len(lines) == 4 + 100 + 1
    assert lines[-1] == "and 4,900 more"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(gzip.compress(b"a" * 10_000_000), "compressed with gzip", id="gzip bomb"),
        pytest.param(b"PK\x03\x04" + bytes(100), "an Excel workbook (.xlsx)", id="workbook"),
        pytest.param(b"", "line 1: The file is empty", id="empty"),
        pytest.param(b"a,b\n" + bytes(range(128, 256)), "line 1: The encoding of the file cannot be told", id="bytes"),
        pytest.param(b"UserPrincipalName\n" + b"x" * 3_000_000, "more than 131,072 characters", id="one line"),
        pytest.param(
            ROWS.encode() + b"ana@contoso.com,SPE_E5\n" * 999, "line 1002: A file has at most 1,000", id="rows"
        ),
        pytest.param(b"UserPrincipalName,FromSKU\na@b.c,X\n", "FromSKU is not used here", id="of another operation"),
        pytest.param(b"UserPrincipalName\na@b.c\n", "names nothing that would stand in for it", id="no licence"),
    ],
)
async def test_what_is_no_list_of_users_is_refused(
    drops: Drops, monkeypatch: pytest.MonkeyPatch, content: bytes, says: str
) -> None:
    """Traps 41 and 43: bombs of rows and of zeros, workbooks, and files of another operation."""
    monkeypatch.setattr(reading, "MAX_ROWS", 1_000)

    assert says in await drops.refused(content)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
async def test_a_file_is_read_as_excel_saves_it(drops: Drops, encoding: str) -> None:
    """Trap 41: marks, UTF-16, code pages, semicolons, line ends."""
    text = "UserPrincipalName;LicenseSKU;\r\nana@contoso.com;Microsoft 365 E5;\r\n;;é\r\n".replace(";;é", ";;")
    operation = await drops.drop((text + ";;\r\n").encode(encoding))

    assert operation
    assert [row.reference for row in await drops.rows(operation)] == ["ana@contoso.com"]


async def test_a_file_of_gigabytes_is_refused_by_its_size(drops: Drops) -> None:
    """Trap 43: it is not read."""
    blob = drops.container.get_blob_client(DROP)
    await blob.create_page_blob(2 * 1024**3)
    await drops.deliver()

    text = (await drops.results())[f"{FOLDER}/list.rejected.txt"]
    assert f"The file has 2,147,483,648 bytes; at most {MAX_BYTES:,} are taken" in text


async def test_a_json_of_megabytes_is_refused_by_its_size(drops: Drops, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a body is."""
    monkeypatch.setattr(dropped, "MAX_BODY", 10)

    assert "list.json has 24 bytes; at most 10 are taken" in await drops.refused(ROWS, reason="many words")


async def test_a_tenant_that_does_not_take_it_says_so(drops: Drops, registered: str) -> None:
    """Another operation, a disabled tenant, one that nobody knows: each beside its receipt's place."""
    other_kind = await drops.refused(ROWS, "remove/contoso.com/list.csv")
    unknown = await drops.refused(ROWS, "assign/contso.com/list.csv")
    await drops.api.send("PUT", f"tenants/{registered}", {"enabled": False})
    disabled = await drops.refused(ROWS)
    wrong_name = await drops.refused(ROWS, f"{FOLDER}/list.xlsx")

    assert "takes no drops of remove (it takes: assign)" in other_kind
    assert "contso.com is not registered" in unknown
    assert "contoso.com is disabled" in disabled
    assert "must end with .csv" in wrong_name
    assert drops.api.started == []


@pytest.mark.parametrize(
    "path",
    [
        "list.csv",
        f"Assign/{FOLDER}/list.csv",
        f"{FOLDER}/../../exports/x.csv",
        f"{FOLDER}\\..\\x.csv",
        "assign/*/x.csv",
    ],
)
async def test_a_name_that_leads_nowhere_is_told_of_in_one_folder(drops: Drops, path: str) -> None:
    """Trap 43: the blob is not looked at, and no part of its name is a part of another blob's."""
    await drops.deliver(path)
    [(name, text)] = (await drops.results()).items()

    assert name.startswith("rejected/")
    assert ascii(path) in text
    assert drops.api.started == []


async def test_deeper_folders_and_odd_letters_stay_as_they_are(drops: Drops) -> None:
    """A per cent sign is one: what it seems to encode is never decoded."""
    for name in ("a b/ü.csv", "%2e%2e%2f%2e%2e%2fexports%2fx.csv", "a?b#c&d=e+f.csv"):
        assert await drops.drop(ROWS, f"{FOLDER}/{name}")
        await drops.refused("UserPrincipalName\n", f"{FOLDER}/bad/{name}")

    assert sorted(await drops.results()) == sorted(
        f"{FOLDER}/bad/{name}.rejected.txt" for name in ("a b/ü", "%2e%2e%2f%2e%2e%2fexports%2fx", "a?b#c&d=e+f")
    )


@pytest.mark.parametrize("lost", ["tables", "blobs", "graph"])
async def test_a_fault_that_passes_is_left_to_the_next_delivery(drops: Drops, without: Without, lost: str) -> None:
    """The host hears of it, and nothing is told as if the file were wrong."""
    await drops.put(ROWS.replace("SPE_E5", "BRAND_NEW_PRODUCT") if lost == "graph" else ROWS)
    whole = drops.api.app
    await without(lost)
    with pytest.raises(DependencyDown):
        await drops.deliver()
    drops.api.app = whole

    assert drops.api.started == []
    assert await drops.results() == {}


async def test_a_drop_that_the_host_does_not_start_is_claimed(drops: Drops) -> None:
    """The sweeper starts it; the file need not be delivered again."""
    drops.api.takes_none = True
    etag = await drops.put(ROWS)
    await drops.deliver()

    operation = await drops.api.app.operations.get(SYSTEM, Drop.named(DROP).operation_id(etag))
    assert await drops.api.app.due.past(drops.api.app.tables.now() + timedelta(hours=1), operation.id)
