"""Signing in on the real stack: with a token of its issuer, as `make up` tells how to get one."""

import base64
import json
from typing import Any

import httpx

from dev.api import BASE
from dev.stack import Stack


async def test_a_token_of_the_stacks_issuer_opens_the_app() -> None:
    """By its roles and by grants; a new key of the issuer is found at once; nothing of a token stands in the log."""
    async with Stack(issuer=True) as stack, httpx.AsyncClient(base_url=stack.api_url + BASE) as http:

        async def token(**claims: str) -> str:
            answer = await http.post(f"{stack.issuer_url}/token", data=claims)
            return answer.raise_for_status().text.strip()

        async def status(bearer: str, method: str = "GET", path: str = "/grants", **more: Any) -> int:
            answer = await http.request(method, path, headers={"Authorization": f"Bearer {bearer}"}, **more)
            return answer.status_code

        reader, admin = await token(name="rob", roles="BulkLicenses.Read"), await token(roles="BulkLicenses.Admin")
        nobody = await token(name="new", oid="8c6c9a0e-0d3b-4c7e-9a52-6f3f2d1b7e44")
        given = {"role": "BulkLicenses.Read", "tenants": []}
        path = "/grants/8C6C9A0E-0D3B-4C7E-9A52-6F3F2D1B7E44"

        assert [await status(each) for each in (reader, admin, nobody, admin[:-8])] == [200, 200, 403, 401]
        assert await status(reader, "PUT", path, json=given) == 403
        assert await status(admin, "PUT", path, json=given) == 201
        assert await status(nobody) == 200
        (await http.post(f"{stack.issuer_url}/_issuer/rotate")).raise_for_status()
        newer = await token(roles="BulkLicenses.Admin")
        assert newer.split(".")[0] != admin.split(".")[0]
        assert [await status(each) for each in (newer, admin)] == [200, 200]

        claims = [{"typ": "oid", "val": "x"}, {"typ": "roles", "val": "BulkLicenses.Admin"}]
        told = json.dumps({"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"}).encode()
        spoofed = {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(told).decode()}
        assert (await http.get("/grants", headers=spoofed)).status_code == 401
        rebound = await http.post(f"{stack.issuer_url}/token", headers={"Host": "evil.example:7074"})
        assert rebound.status_code == 403
        for part in {part for each in (reader, admin, nobody, newer) for part in each.split(".")[1:]}:
            assert part not in stack.hosts[0].log_text()
