"""A case that was played, with all that can be said of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from dev.simulator.model import User as Truth
from shared.domain.model import Decision, LicenceState, Sku, User
from tests.properties.playing import Directory, Plan, Played
from tests.properties.tenants import Case

type Off = Mapping[str, frozenset[str]]
"""Names of the switched off service plans of each direct licence, by part number."""


@dataclass(frozen=True)
class Told:
    """A case with its plan, what came of it, and the directory before and after."""

    case: Case
    skus: Mapping[str, Sku]
    users: list[User]
    truth: Mapping[str, Truth]
    consumed: Mapping[str, int]
    directory: Directory
    plan: Plan
    played: Played

    def after(self, user_id: str) -> LicenceState:
        """What a user holds in the end."""
        return self.directory.user(user_id).state

    def off(self, state: LicenceState) -> Off:
        """What is off, by names."""
        direct = [each for each in state.assignments if each.group_id is None]
        return {
            self.skus[a.sku_id].part_number: frozenset(self.skus[a.sku_id].plan_names(a.disabled_plans)) for a in direct
        }

    @property
    def results(self) -> list[tuple[Decision, Off, Off]]:
        """Whose change was accepted, with what was off before and after."""
        return [(d, self.off(c.before), self.off(self.after(d.user_id))) for d, c in self.played.accepted]
