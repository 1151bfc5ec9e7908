"""Register tenants with the app, as an administrator would: one PUT each."""

from collections.abc import Iterable

import httpx

from dev.stack.parts import StackError

_TENANTS = "/api/automation/bulk-licenses/tenants"


_LOADED = "/_sim/tenants"


async def loaded_tenants(simulator_url: str) -> list[str]:
    """The ids of the tenants in the simulator. Raises ``StackError`` when it does not say."""
    async with httpx.AsyncClient(base_url=simulator_url, timeout=30) as client:
        try:
            answer = (await client.get(_LOADED)).raise_for_status()
        except httpx.HTTPError as error:
            raise StackError(f"the simulator did not list its tenants: {error!r}") from error
        return [tenant["tenant"] for tenant in answer.json()]


async def register_tenants(api_url: str, api_key: str, tenants: Iterable[str]) -> None:
    """Register each tenant by its id or a domain. Raises ``StackError`` with the app's answer when one is refused."""
    async with httpx.AsyncClient(base_url=api_url, headers={"x-api-key": api_key}, timeout=30) as client:
        for tenant in tenants:
            try:
                answer = await client.put(f"{_TENANTS}/{tenant}", json={})
            except httpx.HTTPError as error:
                raise StackError(f"tenant {tenant}: the app did not answer: {error!r}") from error
            if answer.is_error:
                raise StackError(f"tenant {tenant} was not registered: HTTP {answer.status_code} {answer.text}")
