"""What is counted comes from changes that were written, each once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import measures
from shared.domain.operation import Operation, Status, Totals
from tests.support.samples import operation, tenant_id

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[tuple[Any, ...]]]:
    """What was counted: the metric with the values of its attributes."""
    found: Counter[tuple[Any, ...]] = Counter()

    def count(name: str, number: int = 1, **attributes: object) -> None:
        found[name, *attributes.values()] += number

    monkeypatch.setattr(measures, "collects", lambda: True)
    monkeypatch.setattr(measures, "count", count)
    yield found
    assert all(isinstance(number, int) for number in found.values())


def having(base: Operation, number: int, status: Status, **by_code: int) -> Operation:
    """The operation with this state of one of its tenants; ``done`` counts the succeeded users."""
    codes = {("" if code == "done" else code): users for code, users in by_code.items()}
    tenants = tuple(
        replace(part, status=status, totals=Totals(9, codes)) if part.tenant_id == tenant_id(number) else part
        for part in base.tenants
    )
    return replace(base, tenants=tenants)


def test_users_are_counted_as_they_come_to_an_outcome(counted: Counter[tuple[Any, ...]]) -> None:
    """Only what has grown counts; the skipped ones are no failures, and the other tenant is none of it."""
    base = operation("op", (1, 2))
    earlier = having(base, 1, Status.RUNNING, done=2, Drifted=1)
    measures.changed(earlier, having(earlier, 1, Status.RUNNING, done=5, Drifted=2, Throttled=1, AlreadyAssigned=1))
    measures.changed(earlier, earlier)

    assert +counted == {
        ("users.changed", "assign", tenant_id(1)): 3,
        ("users.failed", "Throttled", tenant_id(1)): 1,
    }


def test_a_halt_and_an_end_count_when_they_come_about(counted: Counter[tuple[Any, ...]]) -> None:
    """A state that lasts is no second halt, and an end that is written again no second end."""
    base = operation("op", (1, 2))
    halted = having(base, 1, Status.HALTED)
    measures.changed(base, halted)
    measures.changed(halted, halted)
    ended = replace(halted, status=Status.FAILED, completed_at=NOON)
    measures.changed(halted, ended)
    measures.changed(ended, ended)

    assert +counted == {("operations.halted", tenant_id(1)): 1, ("operations.ended", "failed", "assign"): 1}


def test_a_preview_counts_as_nothing(counted: Counter[tuple[Any, ...]]) -> None:
    """It changes nobody, and a failed one is for its caller to see."""
    before = operation("op", kind="preview")
    measures.changed(before, replace(before, status=Status.FAILED, completed_at=NOON))

    assert not +counted
