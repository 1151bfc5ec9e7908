"""Who is selected, and what a row of a CSV asks for one user in place of the request's own licences."""

from dataclasses import dataclass
from typing import Self

from shared.domain.model import LicenceState, User

ALL_SKUS = "*"
"""In place of a SKU: all that the user holds directly."""


@dataclass(frozen=True, slots=True)
class RowLicence:
    """One SKU that a row names; ``disabled_plans`` is None where the row says nothing of service plans.

    What it means is the operation's: a SKU to assign, to take (``ALL_SKUS`` among them), to have just these service
    plans disabled, or to move to from ``from_sku_ids``.
    """

    sku_id: str
    disabled_plans: frozenset[str] | None = None
    from_sku_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an earlier operation did to a user, as it recorded it: its own write, and the states around it."""

    before: LicenceState
    after: LicenceState
    sku_ids: frozenset[str]
    """The SKUs that it concerned."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the rows of one user ask for together.

    ``licences`` are theirs; the request's own licences are wanted beside them ``with_request``, as a row that names no
    SKU wants them.
    """

    licences: tuple[RowLicence, ...] = ()
    with_request: bool = True
    undo: Recorded | None = None
    """What shall be undone, where the operation is a revert; how a grace left the user, where it ends one."""
    still_selected: bool = True
    """Whether the user whose grace ends is still part of the selection with which it began."""


AS_REQUESTED = Wish()
"""The wish of a user whom no row names."""


@dataclass(frozen=True, slots=True)
class NamedUser:
    """A user named by principal name or object id, by so many ``rows`` of a CSV or entries of a list."""

    reference: str
    wish: Wish = AS_REQUESTED
    rows: int = 1


@dataclass(frozen=True, slots=True)
class SelectedUser:
    """A user of a selection; one who was named and does not exist has an empty id, and the reference as its name."""

    user: User
    wish: Wish = AS_REQUESTED


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps that a selection was resolved in, with the chunks of users that each has written."""

    steps: tuple[tuple[str, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Steps from their ``text``."""
        pairs = (part.split(":") for part in text.split(",") if part)
        return cls(tuple((step, int(chunks)) for step, chunks in pairs))

    @property
    def text(self) -> str:
        """The steps as one text."""
        return ",".join(f"{step}:{chunks}" for step, chunks in self.steps)

    @property
    def last(self) -> str | None:
        """The last step; None before the first."""
        return self.steps[-1][0] if self.steps else None

    @property
    def chunks(self) -> int:
        """How many chunks they have written together."""
        return sum(chunks for _, chunks in self.steps)

    def plus(self, step: str, chunks: int) -> "Steps":
        """These steps and one more, which may have written nothing."""
        return Steps((*self.steps, (step, chunks)))

    def locate(self, n: int) -> tuple[str, int]:
        """The step that wrote the ``n``-th chunk of all, and its number within that step.

        Raises ``IndexError`` for a chunk that there is not.
        """
        left = n
        for step, chunks in self.steps:
            if left < chunks:
                return step, left
            left -= chunks
        raise IndexError(f"the selection has {n - left} chunks, there is no chunk {n}")
