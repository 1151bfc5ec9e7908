"""What a query found with its first page, kept for the pages that follow.

A page then costs no more than its own objects, however large the group is that was expanded, and one reading of the
pages shows one state of the membership. ASSUMPTION: the service too answers later pages from the state of the first.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

KEPT = 16
"""Queries whose pages are under way; of an older one the next page finds everything anew."""

type Snapshot = dict[str, Sequence[Any]]


class Snapshots:
    """The snapshots of one tenant, those used last."""

    def __init__(self, size: int = KEPT) -> None:
        self._size = size
        self._kept: OrderedDict[str, Snapshot] = OrderedDict()
        self._next = 1

    def keep(self, snapshot: Snapshot) -> str:
        """Keep a snapshot; the name by which it is found again."""
        name = str(self._next)
        self._next += 1
        self._kept[name] = snapshot
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return name

    def find(self, name: str) -> Snapshot | None:
        """The snapshot of this name; None when it has gone."""
        if name in self._kept:
            self._kept.move_to_end(name)
        return self._kept.get(name)
