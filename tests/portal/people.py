"""Who else uses the page, and what they may have written."""

import uuid
from typing import Any

import httpx

from dev.stack import Stack

HOSTILE = "<img src=x onerror=alert(1)> & \"quotes\" 'and' {{braces}}"
"""A name that runs where a page reads it as HTML."""


async def reader(stack: Stack) -> dict[str, str]:
    """The credential of somebody who may look and nothing else."""
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{stack.issuer_url}/token", data={"name": "Rob Reader", "roles": "BulkLicenses.Read"})
    return {"kind": "token", "value": answer.raise_for_status().text.strip()}


async def newcomer(stack: Stack, domain: str, **fields: Any) -> str:
    """A tenant of the simulator that the app does not know, with one user who holds nothing: its id."""
    tenant = str(uuid.uuid4())
    spec = {
        "displayName": HOSTILE,
        "domains": [domain],
        "skus": [{"skuPartNumber": "SPE_E3", "enabled": 25}],
        "users": [{"userPrincipalName": f"ana@{domain}", "usageLocation": "DE"}],
        **fields,
    }
    async with httpx.AsyncClient(base_url=stack.simulator_url) as simulator:
        (await simulator.put(f"/_sim/tenants/{tenant}", json=spec)).raise_for_status()
    return tenant
