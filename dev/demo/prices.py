"""The demo tenant's own price book: what an administrator would enter from the contract; the figures are made up."""

from dev.api import Api

OWN = {
    "AAD_PREMIUM": 6.0,
    "EMS": 10.6,
    "EXCHANGESTANDARD": 4.0,
    "MCOEV": 8.0,
    "Microsoft_365_Copilot": 30.0,
    "POWER_BI_PRO": 14.0,
    "PROJECTPROFESSIONAL": 30.0,
    "SPE_E3": 37.05,
    "SPE_E5": 57.0,
    "SPE_F1": 9.5,
    "STANDARDPACK": 9.5,
    "FLOW_FREE": 0.0,
    "POWER_BI_STANDARD": 0.0,
    "TEAMS_FREE": 0.0,
}


async def enter_prices(api: Api, tenant_id: str) -> None:
    """Enter the book for a tenant; it stands in for the default one."""
    await api.call("PUT", "/prices", json={"tenants": {tenant_id: {"currency": "USD", "monthly": OWN}}})
