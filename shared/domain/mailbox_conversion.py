"""Whether a mailbox may become a shared one before its user's licence goes.

A shared mailbox needs no licence as long as it holds at most 50 GB, has no archive, and is not on hold; with any of
these it needs Exchange Online Plan 2. That is so of one that is shared already as well.
https://learn.microsoft.com/microsoft-365/admin/email/about-shared-mailboxes
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

GB = 1024**3
LIMIT = 50 * GB
"""Bytes; Exchange writes its own quota of 50 GB as 53,687,091,200 bytes."""


class Reason(StrEnum):
    """Why a mailbox is not converted."""

    NO_MAILBOX = "no mailbox"
    ABOVE_50_GB = "above 50 GB"
    ARCHIVE = "archive"
    HOLD = "hold"
    KIND = "kind"
    PERMISSION = "permission"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Facts:
    """A mailbox as it is: ``purpose`` in Graph's words (``user``, ``shared``, ``room`` …), ``size`` in bytes."""

    purpose: str
    size: int
    archive: bool
    hold: bool


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of the wish for a shared mailbox.

    ``requested``: Exchange took it; it is shared once Graph says so, not before. ``already``: there was nothing to do.
    ``refused``: nothing was sent, or Exchange did not take it; ``reason`` is the first reason, ``message`` tells all.
    """

    kind: Literal["requested", "already", "refused"]
    reason: Reason | None = None
    message: str | None = None


REQUESTED = Conversion("requested")
ALREADY = Conversion("already")


def refused(reason: Reason, message: str) -> Conversion:
    """A conversion that does not take place, with a sentence that says why."""
    return Conversion("refused", reason, message)


def decide(facts: Facts | None) -> Conversion | None:
    """What the facts decide before anything is sent: ``already`` or ``refused``; None for one that may be converted.

    ``facts`` is None where there is no mailbox.
    """
    if facts is None:
        return refused(Reason.NO_MAILBOX, "The user has no mailbox.")
    if facts.purpose not in {"user", "shared"}:
        return refused(Reason.KIND, f"The mailbox is no user's mailbox: its purpose is {facts.purpose}.")
    found = {
        Reason.ABOVE_50_GB: (
            facts.size > LIMIT,
            f"The mailbox holds {facts.size / GB:.2f} GB, and a shared one without a licence may hold 50 GB.",
        ),
        Reason.ARCHIVE: (facts.archive, "The mailbox has an archive, which needs a licence."),
        Reason.HOLD: (facts.hold, "The mailbox is on hold, which needs a licence."),
    }
    against = {reason: sentence for reason, (applies, sentence) in found.items() if applies}
    if against:
        return refused(next(iter(against)), " ".join(against.values()))
    return ALREADY if facts.purpose == "shared" else None
