"""Starts orchestrations through the durable client."""

from typing import Any

import azure.durable_functions as df
import grpc
import grpc.aio

from triggers.http import Starter
from shared.errors import DependencyDown


def starter(client: df.DurableFunctionsClient) -> Starter:
    """A starter on this client; an instance that is there already counts as started, whatever became of it."""

    async def start(name: str, instance_id: str, given: dict[str, Any]) -> None:
        try:
            await client.schedule_new_orchestration(name, input=given, instance_id=instance_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
                raise DependencyDown("orchestrations", f"{name} could not be started: {error.code()}") from error

    return start
