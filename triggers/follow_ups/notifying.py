"""Notifications: one POST of the operation for each event, signed, to whoever asked for it."""

import hashlib
import hmac
from datetime import timedelta
from typing import Final

from shared.contracts.notify_body import NotifyBody
from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.follow_up import SCHEDULE, FollowUp
from shared.domain.notify import Notify
from shared.errors import NotFound, Problem, RequestRejected
from shared.services import Services
from shared.webhooks import WebhookFailed, fault_of, post
from triggers.routes.operations import shown

TIMEOUT_S = 10.0
PATIENCE: Final = timedelta(hours=1)


def checked_notify(app: Services, body: NotifyBody | None, pointer: str) -> Notify | None:
    """The webhook that a body asks for.

    Raises ``RequestRejected`` (422) for one that would never be called: it is not on the public internet as far as the
    URL shows, or there is no secret to sign with.
    """
    if body is None:
        return None
    problems: list[Problem] = []
    if fault := fault_of(body.url, local=app.settings.notify_local):
        problems.append(Problem(f"{pointer}/url", f"It {fault}"))
    if app.settings.notify_secret is None:
        problems.append(Problem(pointer, "Notifications are signed, and the setting NOTIFY_SECRET is missing"))
    if problems:
        raise RequestRejected(422, "The notifications that are asked for cannot be sent.", problems)
    return body.notify()


async def deliver(app: Services, item: FollowUp) -> None:
    """Send the operation as it is now to the webhook of a tenant or of the operation's schedule.

    A tenant's webhook gets what a caller sees who may see that tenant alone. Raises ``WebhookFailed``, also where
    nobody asks for it any more.
    """
    caller = SYSTEM if item.about == SCHEDULE else Caller("webhook", "webhook", Role.READ, frozenset({item.about}))
    operation = await app.operations.get(caller, item.operation_id)
    notify = operation.notify if item.about == SCHEDULE else await _of_tenant(app, caller, item.about)
    if notify is None or item.event not in notify.on:
        raise WebhookFailed("Nobody asks for it any more")
    secret = app.settings.notify_secret
    if secret is None:
        raise WebhookFailed("The setting NOTIFY_SECRET is missing, so it is not signed and not sent")
    resource = await shown(app, operation)
    body = resource.model_dump_json(by_alias=True, exclude={"notifications", "results"}).encode()
    headers = {"x-event": item.event, "x-signature": f"sha256={signature(secret, body)}"}
    await post(notify.url, body, headers, seconds=TIMEOUT_S, local=app.settings.notify_local)


def signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 of the raw body, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def _of_tenant(app: Services, caller: Caller, tenant_id: str) -> Notify | None:
    try:
        return (await app.tenants.get(caller, tenant_id)).notify
    except NotFound:
        return None
