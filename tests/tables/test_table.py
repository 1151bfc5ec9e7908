"""The table client, its codec and the service's clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.operation import Outcome
from shared.errors import DependencyDown, RowConflict
from shared.settings import SettingsError
from shared.storage import account
from shared.tables.client import Tables
from shared.tables.clock import WINDOW_SECONDS, ServiceClock
from shared.tables.codec import COLUMN_CHARACTERS, RowTooLarge, UnknownSchema
from shared.tables.results import OUTCOME
from shared.tables.table import Row, Write
from tests.support.azurite import Azurite, free_ports
from tests.support.gate import Gate
from tests.support.samples import AFTER, BEFORE, outcome


async def test_a_row_changed_by_somebody_else_cannot_be_replaced(tables: Tables):
    """A stale ETag is a RowConflict, and the transaction leaves nothing behind."""
    table = tables.table("probe")
    await table.write(Write("insert", Row("p", "r", {"n": 1})))
    first = await table.get("p", "r")
    assert first
    await table.write(Write("replace", replace(first, values={"n": 2})))

    with pytest.raises(RowConflict):
        await table.write(Write("insert", Row("p", "other", {})), Write("replace", replace(first, values={"n": 3})))

    assert [(row.key, row.values) async for row in table.partition("p")] == [("r", {"n": 2})]


async def test_inserting_a_row_that_exists_or_touching_one_that_is_gone_is_a_conflict(tables: Tables):
    """Whatever moved under us is the same thing: reload and decide again."""
    table = tables.table("probe")
    (etag,) = await table.write(Write("insert", Row("p", "r", {"n": 1})))

    with pytest.raises(RowConflict):
        await table.write(Write("insert", Row("p", "r", {"n": 2})))
    await table.delete("p", "r")
    await table.delete("p", "r")
    for kind in ("replace", "delete"):
        with pytest.raises(RowConflict):
            await table.write(Write(kind, Row("p", "r", {"n": 2}, etag)))
    assert await table.get("p", "r") is None


@pytest.fixture
async def unsteady(azurite: Azurite) -> AsyncIterator[tuple[Tables, Gate]]:
    """An account behind a gate that can lose the answers to transactions."""
    gate = Gate(azurite.table_port, mark=b"/$batch")
    await gate.open()
    before = azurite.fresh()
    connection = before.replace(f":{azurite.table_port}/", f":{gate.port}/")
    tables = Tables.open(azurite.settings(AzureWebJobsStorage=connection))
    yield tables, gate
    await tables.close()
    gate.shut()


async def test_a_transaction_whose_answer_is_lost_is_sent_again_and_counts_once(unsteady: tuple[Tables, Gate]):
    """What was done the first time clashes with itself the second time: that is success, with the ETags of now."""
    tables, gate = unsteady
    table = tables.table("probe")
    await table.write(Write("insert", Row("p", "steady", {})))
    gate.lose = 1
    steps = [Write("insert", Row("p", "r", {"n": 1})), Write("upsert", Row("p", "s", {"x": 1.5}))]
    first, other = await table.write(*steps)
    gate.lose = 1
    steps = [Write("replace", Row("p", "r", {"n": 2}, first)), Write("merge", Row("p", "s", {"y": ""}))]
    second, _, _ = await table.write(*steps, Write("delete", Row("p", "steady", {})))

    there = {row.key: row async for row in table.partition("p")}
    assert {key: row.values for key, row in there.items()} == {"r": {"n": 2}, "s": {"x": 1.5, "y": ""}}
    assert (second, gate.lose) == (there["r"].etag, 0)
    assert other
    await table.write(Write("replace", Row("p", "r", {"n": 3}, second)))


async def test_a_lost_answer_never_hides_that_somebody_else_was_faster(unsteady: tuple[Tables, Gate]):
    """The row is not as it was to be written: a conflict, and nothing was changed."""
    tables, gate = unsteady
    table = tables.table("probe")
    await table.write(Write("insert", Row("p", "r", {"n": 1})))
    gate.lose = 1
    with pytest.raises(RowConflict):
        await table.write(Write("insert", Row("p", "r", {"n": 2})), Write("insert", Row("p", "s", {})))
    assert [(row.key, row.values) async for row in table.partition("p")] == [("r", {"n": 1})]


async def test_answers_that_are_always_lost_are_a_storage_that_is_down(unsteady: tuple[Tables, Gate]):
    """It is not tried for ever."""
    tables, gate = unsteady
    table = tables.table("probe")
    await table.write(Write("insert", Row("p", "r", {"n": 1})))
    gate.lose = 100
    with pytest.raises(DependencyDown):
        await table.write(Write("upsert", Row("p", "r", {"n": 2})), Write("upsert", Row("p", "s", {})))


@pytest.mark.parametrize("kind", ["insert", "upsert", "merge", "replace"])
async def test_a_row_of_its_own_is_sent_again_and_counts_once_as_well(
    unsteady: tuple[Tables, Gate], kind: Literal["insert", "upsert", "merge", "replace"]
):
    """It goes without the envelope of a transaction, with the same promise."""
    tables, gate = unsteady
    table, etag = tables.table("probe"), None
    if kind == "replace":
        [etag] = await table.write(Write("insert", Row("p", "r", {"n": 1})))
    await table.get("p", "r")
    gate.mark, gate.lose = b"$batch" if kind == "replace" else b"probe", 1
    [written] = await table.write(Write(kind, Row("p", "r", {"n": 2}, etag)))

    row = await table.get("p", "r")
    assert row
    assert (row.values, row.etag, gate.lose) == ({"n": 2}, written, 0)


async def test_columns_keep_their_types_and_any_text(tables: Tables):
    """What goes in comes out, quotes and letters of all alphabets included."""
    values = {"text": "O'Brien \U0001f600 ß", "n": -5, "x": 0.5, "whole": 3.0, "yes": True, "empty": ""}
    table = tables.table("probe")

    await table.write(Write("insert", Row("p", "it's", values)))

    row = await table.get("p", "it's")
    assert row
    assert row.values == values
    assert {name: type(value) for name, value in row.values.items()} == {n: type(v) for n, v in values.items()}


async def test_conditions_take_values_of_every_type_anywhere(tables: Tables):
    """1 is not true, quotes and at signs are text, and a parenthesis may follow a parameter."""
    table = tables.table("probe")
    rows = {"a": {"n": 1, "yes": True, "x": 1.5, "s": "it's @n"}, "b": {"n": 0, "yes": False, "x": 2.0, "s": "@s"}}
    for key, values in rows.items():
        await table.write(Write("insert", Row("p", key, values)))

    async def keys(name: str, value: str | float | bool) -> list[str]:
        found = table.query(f"(PartitionKey eq @p and ({name} eq @value))", {"p": "p", "value": value})
        return [row.key async for row in found]

    for key, values in rows.items():
        for name, value in values.items():
            assert await keys(name, value) == [key]
    assert await keys("s", "it's @n' or s ne '") == []


async def test_storage_that_does_not_answer_is_a_dependency_that_is_down(azurite: Azurite):
    """Nobody listens on the port: a clear error within a few retries, for reads, writes and the clock."""
    (port,) = free_ports(1)
    gone = azurite.settings().storage_connection or ""
    dead = Tables.open(azurite.settings(AzureWebJobsStorage=gone.replace(f":{azurite.table_port}/", f":{port}/")))
    table = dead.table("probe")
    try:
        with pytest.raises(DependencyDown) as down:
            await dead.refresh_clock()
        assert down.value.dependency == "storage"
        with pytest.raises(DependencyDown):
            await asyncio.gather(table.get("p", "r"), table.write(Write("insert", Row("p", "r", {}))))
        with pytest.raises(DependencyDown, match="not answered"):
            dead.now()
    finally:
        await dead.close()


async def test_a_wrong_key_is_a_dependency_that_is_down(azurite: Azurite):
    """Storage that does not let us in is as good as down, and the key is not in the text."""
    right = azurite.settings().storage_connection or ""
    wrong = right.replace("AccountKey=", "AccountKey=AAAA")
    locked = Tables.open(azurite.settings(AzureWebJobsStorage=wrong))
    try:
        with pytest.raises(DependencyDown) as down:
            await locked.table("probe").get("p", "r")
        assert "AAAA" not in str(down.value)
    finally:
        await locked.close()


def test_a_connection_string_without_its_parts_is_named(azurite: Azurite):
    """The settings' name and the missing part stand in the error, the rest of the secret does not."""
    with pytest.raises(SettingsError, match=r"AzureWebJobsStorage .* AccountName"):
        account(azurite.settings(AzureWebJobsStorage="AccountKey=secret"), "table")


def test_an_account_is_found_by_connection_string_or_name(azurite: Azurite):
    """The forms that the platform uses for its own storage setting."""
    real = azurite.settings(AzureWebJobsStorage="DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=a2V5")
    local = azurite.settings(AzureWebJobsStorage="UseDevelopmentStorage=true")
    named = azurite.settings(AzureWebJobsStorage="", AzureWebJobsStorage__accountName="acme")

    assert account(real, "blob").url == "https://acme.blob.core.windows.net"
    assert not account(real, "blob").emulated
    assert account(local, "table").url == "http://127.0.0.1:10002/devstoreaccount1"
    assert (account(named, "table").url, account(named, "table").key) == ("https://acme.table.core.windows.net", None)


@pytest.mark.parametrize("letter", ["x", "ß", "\U0001f600"])
async def test_a_column_holds_64_kib_and_no_more(tables: Tables, letter: str):
    """The longest text is stored, one unit more is refused by name before it is sent."""
    fits = letter * (COLUMN_CHARACTERS // (len(letter.encode("utf-16-le")) // 2))
    table = tables.table("probe")

    await table.write(Write("insert", Row("p", "r", OUTCOME.values(outcome(1, detail=fits)))))

    stored = await table.get("p", "r")
    assert stored
    assert OUTCOME.item(stored).detail == fits
    with pytest.raises(RowTooLarge, match="detail takes 3"):
        OUTCOME.values(outcome(1, detail=fits + "x"))


def test_a_row_of_another_schema_is_refused():
    """A later release's row is not half read."""
    row = Row("p", "r", {**OUTCOME.values(outcome(1)), "schema": 2})
    with pytest.raises(UnknownSchema, match="schema 2"):
        OUTCOME.item(row)


def test_columns_are_json_primitives_with_the_schema():
    """Nested values are text; nothing is stored for None."""
    values = OUTCOME.values(outcome(1, before=BEFORE, after=AFTER))

    assert values["schema"] == 1
    assert {type(value) for value in values.values()} <= {str, int, float, bool}
    assert values["completed_at"] == "2026-11-23T12:00:00.000000Z"
    assert "code" not in values


@given(st.builds(Outcome, completed_at=st.datetimes(timezones=st.just(UTC))))
def test_any_outcome_survives_its_columns(one: Outcome):
    """Encode and decode are inverse."""
    assert OUTCOME.item(Row("p", "r", OUTCOME.values(one))) == one


class Monotonic:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.value = 1000.0

    def __call__(self) -> float:
        return self.value


BASE = datetime(2026, 11, 23, tzinfo=UTC)


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(0, 3)), min_size=1, max_size=60))
def test_the_clock_stays_within_the_service_time_and_never_goes_back(steps: list[tuple[float, float]]):
    """Whatever the delays: never ahead of the service, at most a second and the least delay behind, monotone."""
    monotonic = Monotonic()
    clock = ServiceClock(monotonic)
    last = BASE - timedelta(days=1)
    for wait, delay in steps:
        answered = BASE + timedelta(seconds=monotonic.value + wait - 1000)
        monotonic.value += wait + delay
        clock.sample(answered.replace(microsecond=0))
        true = BASE + timedelta(seconds=monotonic.value - 1000)
        slack = timedelta(microseconds=50)
        assert last <= clock.now() <= true + slack
        assert true - clock.now() <= timedelta(seconds=1 + delay) + slack
        last = clock.now()


def test_a_slow_answer_does_not_set_the_clock_back():
    """The tightest bound of the last minutes counts; old ones are dropped without a step back."""
    monotonic = Monotonic()
    clock = ServiceClock(monotonic)
    clock.sample(BASE)
    monotonic.value += 10
    clock.sample(BASE + timedelta(seconds=4))
    assert clock.now() == BASE + timedelta(seconds=10)

    monotonic.value += WINDOW_SECONDS
    before = clock.now()
    clock.sample(BASE + timedelta(seconds=WINDOW_SECONDS))
    assert clock.now() == before
    monotonic.value += 15
    assert before < clock.now() < before + timedelta(seconds=15)


async def test_the_time_is_the_services_and_not_the_hosts(tables: Tables, monkeypatch: pytest.MonkeyPatch):
    """A host whose clock is years off works on the rows' time all the same."""
    honest = datetime.now(UTC)
    true_time: Callable[[], float] = time.time
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: true_time() + 1e8)
        tables.clock.sample(honest.replace(microsecond=0))

    assert abs(tables.now() - honest) < timedelta(seconds=5)


async def test_refreshing_the_clock_asks_once(tables: Tables):
    """The first answer of any table sets the clock, and a fresh one is not asked for again."""
    with pytest.raises(DependencyDown):
        tables.now()
    await tables.refresh_clock()
    assert abs(tables.now() - datetime.now(UTC)) < timedelta(seconds=10)
    samples = list(tables.clock._samples)
    await tables.refresh_clock()
    assert list(tables.clock._samples) == samples
