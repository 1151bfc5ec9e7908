"""Starts orchestrations through the durable client."""

from typing import Any

import azure.durable_functions as df
import grpc
import grpc.aio

from shared.errors import DependencyDown
from triggers.web.http import Starter


def starter(client: df.DurableFunctionsClient) -> Starter:
    """A starter on this client.

    An instance that is there already counts as started, whatever became of it. It raises ``DependencyDown`` when the
    host does not take one.
    """

    async def start(name: str, instance_id: str, given: dict[str, Any]) -> None:
        try:
            await client.schedule_new_orchestration(name, input=given, instance_id=instance_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
                detail = f"{name} {instance_id} could not be started: {error.code().name}"
                raise DependencyDown("orchestrations", detail) from error

    return start
