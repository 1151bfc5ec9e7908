"""Which mailboxes may become shared ones before their licence goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.mailbox_conversion import ALREADY, GB, LIMIT, Facts, Reason, decide


def facts(purpose: str = "user", size: int = GB, *, archive: bool = False, hold: bool = False) -> Facts:
    """A user's mailbox of 1 GB, unless told otherwise."""
    return Facts(purpose, size, archive, hold)


@pytest.mark.parametrize("size", [0, LIMIT], ids=["empty", "at the limit"])
def test_a_plain_mailbox_up_to_50_gb_may_be_converted(size: int):
    """Trap 35: 50 GB are as Exchange counts them, 53,687,091,200 bytes, and still allowed."""
    assert decide(facts(size=size)) is None
    assert LIMIT == 53_687_091_200


@pytest.mark.parametrize(
    ("mailbox", "reason", "words"),
    [
        (facts(size=LIMIT + GB), Reason.ABOVE_50_GB, "51.00 GB"),
        (facts(archive=True), Reason.ARCHIVE, "archive"),
        (facts(hold=True), Reason.HOLD, "on hold"),
        (facts("room"), Reason.KIND, "purpose is room"),
        (None, Reason.NO_MAILBOX, "no mailbox"),
    ],
    ids=lambda value: str(value) if isinstance(value, Reason) else "",
)
def test_what_needs_a_licence_is_refused_in_a_sentence(mailbox: Facts | None, reason: Reason, words: str):
    """Trap 35: the reason is told, so that somebody can do something about it."""
    decided = decide(mailbox)

    assert decided is not None
    assert (decided.kind, decided.reason) == ("refused", reason)
    assert words in str(decided.message)


def test_all_that_speaks_against_it_is_told_at_once():
    """Nobody mends the size to be told of the archive next."""
    decided = decide(facts(size=2 * LIMIT, archive=True, hold=True))

    assert decided is not None
    assert decided.reason == Reason.ABOVE_50_GB
    assert all(word in str(decided.message) for word in ("100.00 GB", "archive", "on hold"))


def test_a_shared_mailbox_has_nothing_to_be_done():
    """It may lose its licence as it is."""
    assert decide(facts("shared")) == ALREADY


@given(st.sampled_from(["user", "shared"]), st.integers(0, 3 * LIMIT), st.booleans(), st.booleans())
def test_no_mailbox_that_needs_a_licence_passes(purpose: str, size: int, archive: bool, hold: bool):
    """One that is shared already is no exception: it may have its licence for just that."""
    decided = decide(facts(purpose, size, archive=archive, hold=hold))

    assert (decided is not None and decided.kind == "refused") == (size > LIMIT or archive or hold)
