"""The page on transfers shows requests that are taken, and what really becomes of service plans."""

import re

import pytest

from shared.contracts.requests import TransferBody
from shared.domain.transfer import Move, TransferRequest
from tests.docs.pages import codes, table, text_of
from tests.support.states import EVERYTHING, GROUPS, change_of, direct, off_in, sku, user

PAGE = "docs/transfers.md"


@pytest.mark.parametrize("body", re.findall(r"```json\n(.*?)```", text_of(PAGE), re.DOTALL))
def test_the_requests_of_the_page_are_taken(body: str) -> None:
    """As they stand there."""
    assert TransferBody.model_validate_json(body).transfers


@pytest.mark.parametrize("row", table(text_of(PAGE), "from"), ids=lambda row: " to ".join(row[:2]))
def test_service_plans_are_carried_over_as_the_page_says(row: list[str]) -> None:
    """Traps 2 and 13: what is off stays off, by name or in the target's size."""
    (source,), (target,), before, after = map(codes, row)
    request = TransferRequest((Move((sku(source).id,), sku(target).id),))
    decision = request.decide(0, user(direct(source, *before)), EVERYTHING, GROUPS)

    assert off_in(change_of(decision).after, target) == set(after)
