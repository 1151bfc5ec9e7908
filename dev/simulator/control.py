"""The control routes below ``/_sim``: load, look, break, count. They exist in the simulator only."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web
from pydantic import Field, ValidationError

from dev.simulator.convert import direct, find_member, licences_of, mailbox_of, user_of
from dev.simulator.engine import Engine
from dev.simulator.faults import Fault
from dev.simulator.licensing import catch_up
from dev.simulator.loader import build_tenant
from dev.simulator.model import Group, Member
from dev.simulator.spec import LicenceSpec, MailboxSpec, SpecError, TenantSpec, UserSpec, Wire
from dev.simulator.tenant import Tenant
from dev.simulator.truth import group_state, selected_users, sku_state, user_state

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CHUNK = 500


class UserChange(Wire):
    """A change from outside; only what is sent changes. ``licenses`` and ``mailbox`` replace all of it, unchecked."""

    display_name: str | None = None
    user_principal_name: str | None = None
    department: str | None = None
    job_title: str | None = None
    country: str | None = None
    usage_location: str | None = None
    user_type: str | None = None
    account_enabled: bool | None = None
    licenses: list[LicenceSpec] | None = None
    mailbox: MailboxSpec | None = None


class MemberChange(Wire):
    """Who joins and who leaves a group: ids or userPrincipalNames."""

    add: list[str] = Field(default_factory=list[str])
    remove: list[str] = Field(default_factory=list[str])


class GroupChange(Wire):
    """What a group hands on, and what it is called."""

    licenses: list[LicenceSpec] | None = None
    displayName: str | None = None  # noqa: N815 - the wire's name


def _problem(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bad input to a control route is answered with 400 and the reason."""
    try:
        return await handler(request)
    except (SpecError, json.JSONDecodeError) as error:
        return _problem(400, str(error))
    except ValidationError as error:
        return _problem(400, "; ".join(f"{'/'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))


class Control:
    """The handlers, over one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def application(self) -> web.Application:
        """The sub-application to mount at ``/_sim``."""
        app = web.Application(middlewares=[explain])
        app.add_routes(
            [
                web.put("/tenants/{tenant}", self.put_tenant),
                web.get("/tenants/{tenant}", self.get_tenant),
                web.delete("/tenants/{tenant}", self.delete_tenant),
                web.get("/tenants", self.list_tenants),
                web.post("/tenants/{tenant}/users", self.add_user),
                web.patch("/tenants/{tenant}/users/{user}", self.patch_user),
                web.delete("/tenants/{tenant}/users/{user}", self.delete_user),
                web.post("/tenants/{tenant}/groups/{group}/members", self.change_members),
                web.patch("/tenants/{tenant}/groups/{group}", self.patch_group),
                web.post("/faults", self.add_fault),
                web.get("/faults", self.list_faults),
                web.delete("/faults", self.clear_faults),
                web.post("/drain", self.drain),
                web.get("/stats", self.stats),
                web.get("/requests", self.requests),
                web.delete("/requests", self.forget),
            ]
        )
        return app

    def _tenant(self, request: web.Request) -> Tenant:
        tenant = self._engine.tenants.get(request.match_info["tenant"].lower())
        if tenant is None:
            raise web.HTTPNotFound(text=f"no tenant {request.match_info['tenant']}")
        catch_up(tenant, self._engine.clock.now())
        return tenant

    async def put_tenant(self, request: web.Request) -> web.Response:
        tenant_id = request.match_info["tenant"].lower()
        if not _GUID.fullmatch(tenant_id):
            raise SpecError(f"tenant: {tenant_id!r} is not a GUID")
        spec = TenantSpec.model_validate_json(await request.read())
        tenant = build_tenant(tenant_id, spec, self._engine.clock.now())
        self._engine.put_tenant(tenant)
        counts = {"users": len(tenant.users.current), "groups": len(tenant.groups.current), "skus": len(tenant.skus)}
        return web.json_response({"tenant": tenant_id, **counts})

    async def list_tenants(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(
            [
                {"tenant": each.id, "displayName": each.settings.display_name, "users": len(each.users.current)}
                for each in self._engine.tenants.values()
            ]
        )

    async def delete_tenant(self, request: web.Request) -> web.Response:
        tenant = self._tenant(request)
        del self._engine.tenants[tenant.id]
        return web.Response(status=204)

    async def get_tenant(self, request: web.Request) -> web.StreamResponse:
        tenant = self._tenant(request)
        names = request.query.get("users")
        wanted = None if names is None else [each for each in names.split(",") if each]
        users = list(selected_users(tenant, wanted))

        async def parts() -> AsyncIterator[str]:
            head = {
                "tenant": tenant.id,
                "displayName": tenant.settings.display_name,
                "domains": tenant.settings.domains,
                "consent": tenant.settings.consent,
                "skus": [sku_state(tenant, each) for each in tenant.skus.values()],
                "groups": [group_state(each) for each in tenant.groups.current.values()],
            }
            yield json.dumps(head)[:-1] + ', "users": ['
            for start in range(0, len(users), _CHUNK):
                chunk = ",".join(json.dumps(user_state(tenant, each)) for each in users[start : start + _CHUNK])
                yield ("," if start else "") + chunk
            yield "]}"

        return await _stream(request, "application/json", parts())

    @staticmethod
    def _user_id(tenant: Tenant, request: web.Request) -> str:
        user_id = tenant.user_id(request.match_info["user"])
        if user_id is None:
            raise web.HTTPNotFound(text=f"no user {request.match_info['user']}")
        return user_id

    async def add_user(self, request: web.Request) -> web.Response:
        tenant = self._tenant(request)
        user = user_of(tenant, UserSpec.model_validate_json(await request.read()))
        if tenant.user_id(user.id) or tenant.user_id(user.user_principal_name):
            raise SpecError(f"users: {user.user_principal_name!r} is there already")
        tenant.create(user, self._engine.clock.now())
        return web.json_response(user_state(tenant, user), status=201)

    async def delete_user(self, request: web.Request) -> web.Response:
        tenant = self._tenant(request)
        tenant.delete(self._user_id(tenant, request), self._engine.clock.now())
        return web.Response(status=204)

    async def patch_user(self, request: web.Request) -> web.Response:
        tenant = self._tenant(request)
        user_id = self._user_id(tenant, request)
        change = UserChange.model_validate_json(await request.read())
        values: dict[str, Any] = change.model_dump(exclude_unset=True, exclude={"licenses", "mailbox"})
        if change.mailbox is not None:
            values["mailbox"] = mailbox_of(change.mailbox)
        if change.licenses is not None:
            inherited = tuple(each for each in tenant.users.current[user_id].licences if each.group is not None)
            values["licences"] = direct(licences_of(tenant, change.licenses, f"users/{user_id}")) + inherited
        now = self._engine.clock.now()
        user = tenant.change(user_id, now, **values)
        state = user_state(tenant, user)
        entry = self._engine.log.begin(tenant.id, "PATCH", f"/_sim/users/{user_id}", {}, state, now)
        self._engine.log.end(entry, 200, now, None, done=True)
        return web.json_response(state)

    def _group(self, tenant: Tenant, request: web.Request) -> Group:
        group = tenant.groups.current.get(request.match_info["group"].lower())
        if group is None:
            raise web.HTTPNotFound(text=f"no group {request.match_info['group']}")
        return group

    async def change_members(self, request: web.Request) -> web.Response:
        tenant = self._tenant(request)
        group = self._group(tenant, request)
        change = MemberChange.model_validate_json(await request.read())
        names = {each.display_name: each.id for each in tenant.groups.current.values()}
        added = [find_member(tenant, each, names) for each in change.add]
        removed = {find_member(tenant, each, names) for each in change.remove}
        members: dict[Member, None] = dict.fromkeys([*group.members, *added])
        kept = tuple(each for each in members if each not in removed)
        return self._commit(tenant, group, members=kept)

    async def patch_group(self, request: web.Request) -> web.Response:
        tenant = self._tenant(request)
        group = self._group(tenant, request)
        change = GroupChange.model_validate_json(await request.read())
        changes: dict[str, Any] = {}
        if change.licenses is not None:
            changes["licences"] = licences_of(tenant, change.licenses, f"groups/{group.id}")
        if change.displayName is not None:
            changes["display_name"] = change.displayName
        return self._commit(tenant, group, **changes)

    def _commit(self, tenant: Tenant, group: Group, **changes: Any) -> web.Response:
        changed = replace(group, **changes)
        tenant.commit_group(changed, self._engine.clock.now())
        return web.json_response(group_state(changed))

    async def add_fault(self, request: web.Request) -> web.Response:
        fault = Fault.model_validate_json(await request.read())
        self._engine.faults.add(fault)
        return web.json_response(fault.model_dump(exclude_none=True), status=201)

    async def list_faults(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(
            [{**fault.model_dump(exclude_none=True), "fired": fired} for fault, fired in self._engine.faults.told()]
        )

    async def clear_faults(self, request: web.Request) -> web.Response:
        del request
        self._engine.faults.clear()
        return web.Response(status=204)

    async def drain(self, request: web.Request) -> web.Response:
        tenant, left = request.query.get("tenant"), request.query.get("left", "0")
        if not left.removeprefix("-").isdigit():
            raise SpecError(f"left: expected a number, got {left!r}")
        self._engine.throttle.drain(tenant.lower() if tenant else None, self._engine.clock.now(), float(left))
        return web.Response(status=204)

    async def stats(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self._engine.snapshot())

    async def requests(self, request: web.Request) -> web.StreamResponse:
        tenant, since = request.query.get("tenant"), request.query.get("since", "0")
        if not since.isdigit():
            raise SpecError(f"since: expected a number, got {since!r}")
        lines = self._engine.log.lines(tenant.lower() if tenant else None, int(since))

        async def parts() -> AsyncIterator[str]:
            block: list[bytes] = []
            for line in lines:
                block.append(line)
                if len(block) == _CHUNK:
                    yield b"".join(block).decode()
                    block.clear()
            yield b"".join(block).decode()

        return await _stream(request, "application/x-ndjson", parts())

    async def forget(self, request: web.Request) -> web.Response:
        del request
        self._engine.log.forget()
        return web.Response(status=204)


async def _stream(request: web.Request, content_type: str, parts: AsyncIterator[str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": content_type})
    await response.prepare(request)
    async for part in parts:
        await response.write(part.encode())
    await response.write_eof()
    return response
