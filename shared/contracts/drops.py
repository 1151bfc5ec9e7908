"""Where a dropped file belongs, and where what becomes of it is told: all by the file's name (Trap 43).

``{operation}/{tenant}/{anything}.csv`` in one container; whatever is told about it has the same folders in the other
one. A name that leads nowhere is told of in one folder, under a name that owes nothing to it.
"""

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Self

from shared.contracts.requests import KINDS, PlannedKind

DROPS, RESULTS = "license-drops", "license-results"
"""Containers."""
NOWHERE = "rejected"
"""Folder for what is told of names that lead nowhere; no kind of operation is called so."""
ACTOR = f"drop:{DROPS}"
MAX_PATH = 900
"""Characters of a blob's name: one may have 1,024, and receipts have longer names than what they are for."""

_VERSIONS = uuid.UUID("5b1f6f0e-6a0b-5c55-8f0e-1d6f6f1f7d43")
"""Namespace of the operation ids that come from versions of blobs."""
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
"""What a GUID or a domain may look like."""
_SHAPE = "a drop is named {operation}/{tenant}/{anything}.csv"


class BadName(ValueError):
    """A blob's name leads nowhere; the text says why."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A blob in a folder of drops."""

    path: str
    kind: PlannedKind
    tenant: str
    """GUID or domain, as it is written there."""

    @classmethod
    def named(cls, path: str) -> Self:
        """The drop that a blob's name means. Raises ``BadName``; nothing then follows from any part of the name."""
        if len(path) > MAX_PATH:
            raise BadName(f"The name has {len(path)} characters; at most {MAX_PATH} are taken")
        if "\\" in path or not path.isprintable():
            raise BadName("The name holds a backslash or an invisible character")
        parts = path.split("/")
        if any(not part or part.endswith(".") for part in parts):
            raise BadName("A part of the name is empty or ends with a dot")
        if len(parts) < 3:
            raise BadName(f"The file lies in no folder of drops: {_SHAPE}")
        kind: PlannedKind | None = next((known for known in KINDS if known == parts[0]), None)
        if kind is None:
            raise BadName(f"The first folder is none of {', '.join(KINDS)}, in small letters: {_SHAPE}")
        if not _TENANT.fullmatch(parts[1]):
            raise BadName(f"The second folder is neither the id nor a domain of a tenant: {_SHAPE}")
        return cls(path, kind, parts[1])

    @property
    def fault(self) -> str | None:
        """Why the file cannot be a CSV, by its name."""
        last = self.path.rpartition("/")[2]
        if last.endswith(".csv") and last != ".csv":
            return None
        return "The name must end with .csv, in small letters, after something else"

    @property
    def rest(self) -> str:
        """The blob beside it that holds the rest of the body."""
        return f"{self._stem}.json"

    @property
    def rejection(self) -> str:
        """The blob that says why it was not taken."""
        return f"{self._stem}.rejected.txt"

    def operation_id(self, etag: str) -> str:
        """The id of the operation that a version of the blob starts, whoever delivers it."""
        return str(uuid.uuid5(_VERSIONS, f"{DROPS}/{self.path}\n{etag.strip('"')}"))

    def receipt(self, operation_id: str) -> str:
        """The blob that says what became of each user."""
        return f"{self._stem}.{operation_id}.csv"

    def failure(self, operation_id: str) -> str:
        """The blob that says why the operation ended early, where it did."""
        return f"{self._stem}.{operation_id}.error.txt"

    @property
    def _stem(self) -> str:
        return self.path.removesuffix(".csv")


def is_rest(path: str) -> bool:
    """Whether a blob holds the rest of a body: it starts nothing itself."""
    return path.endswith(".json")


def rejection_of(path: str) -> str:
    """The blob that says why a name leads nowhere."""
    return f"{NOWHERE}/{hashlib.sha256(path.encode()).hexdigest()[:32]}.txt"
