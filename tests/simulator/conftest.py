"""Fixtures: an empty simulator, and one with a small tenant."""

from collections.abc import AsyncIterator

import pytest

from tests.simulator.harness import BI, E3, SWAY, Simulator, person, serving


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """No tenants, no limits, a clock that stands still."""
    async with serving() as running:
        yield running


@pytest.fixture
async def small(simulator: Simulator) -> Simulator:
    """Ada holds E3 without Sway, Bob nothing, Cleo has no usage location, Dan inherits Power BI Pro."""
    await simulator.load(
        skus=[
            {"skuPartNumber": "SPE_E3", "enabled": 10},
            {"skuPartNumber": "SPE_E5", "enabled": 1},
            {"skuPartNumber": "POWER_BI_PRO", "enabled": 10},
            {"skuPartNumber": "MCOEV", "enabled": 10},
            {"skuPartNumber": "TEAMS_FREE", "enabled": 10},
            {"skuPartNumber": "EMS", "enabled": 0, "suspended": 9, "capabilityStatus": "Suspended"},
        ],
        users=[
            person("ada", licenses=[{"skuId": E3, "disabledPlans": [SWAY]}]),
            person("bob"),
            person("cleo", usageLocation=None),
            person("dan"),
        ],
        groups=[{"displayName": "Analysts", "members": ["dan@contoso.example"], "licenses": [{"skuId": BI}]}],
    )
    return simulator
