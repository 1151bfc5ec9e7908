"""Load an app's functions with Microsoft's worker runtime, and call them through it.

``azure_functions_runtime`` is the code of the Python worker in Azure, so what it refuses there (a signature, a return
annotation, a name twice) it refuses here. Its parts used below are private and the version is pinned; this is the only
module that calls them. The worker's loader wants a module of protobuf classes: plain ones with the same fields do.
"""

import importlib
import io
import json
import logging
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

from azure_functions_runtime import handle_event, loader, native_invocation
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.bindings.meta import load_binding_registry
from azure_functions_runtime.functions import Registry

from dev.localhost.errors import AppLoadError, InvocationError

# The worker carries no types.
_native, _loader = cast(Any, native_invocation), cast(Any, loader)

TRIGGERS = ("httpTrigger", "timerTrigger", "blobTrigger", "orchestrationTrigger", "activityTrigger")
_OTHER_BINDINGS = ("http", "durableClient")
_SCRIPT = "function_app.py"


class _Message:
    """Stands for a protobuf message: keeps the fields it is given."""

    def __init__(self, **fields: object) -> None:
        self.__dict__.update(fields)


class _BindingInfo(_Message):
    """The direction numbers of the worker's protocol."""

    out, inout, undefined = 1, 2, 0


_PROTOS = SimpleNamespace(BindingInfo=_BindingInfo, RpcFunctionMetadata=_Message, RpcRetryOptions=_Message)


@dataclass(frozen=True)
class Function:
    """One loaded function: its name, the worker's id of it, and its bindings as in ``function.json``."""

    name: str
    id: str
    bindings: tuple[dict[str, Any], ...]

    @property
    def trigger(self) -> dict[str, Any]:
        """The binding that starts the function."""
        return next(binding for binding in self.bindings if binding["type"] in TRIGGERS)

    @property
    def client_parameter(self) -> str | None:
        """Name of the parameter that takes a durable client, if there is one."""
        return next((b["name"] for b in self.bindings if b["type"] == "durableClient"), None)


def load(app_dir: Path) -> tuple[Function, ...]:
    """Import ``function_app.py`` of ``app_dir`` and make its functions callable.

    The worker's function table is swapped only when everything loaded. Raises ``AppLoadError``.
    """
    if not (app_dir / _SCRIPT).is_file():
        raise AppLoadError(f"there is no {_SCRIPT} in {app_dir}")
    if str(app_dir) not in sys.path:
        sys.path.insert(0, str(app_dir))
    load_binding_registry()
    handle_event.protos = _PROTOS
    registry = Registry()
    try:
        indexed = _loader.index_function_app(_SCRIPT)
        described, _ = _loader.process_indexed_function(_PROTOS, registry, indexed, str(app_dir))
    except Exception as error:  # the app's import runs here, so anything may come
        raise AppLoadError(f"{app_dir / _SCRIPT} does not load: {type(error).__name__}: {error}") from error
    functions = tuple(_describe(function.name, function.raw_bindings) for function in described)
    for function in functions:
        if function.trigger["type"] == "blobTrigger":
            _prepare_blob_function(function, registry)
    _native._functions._functions = cast(Any, registry)._functions
    return functions


def reload(app_dir: Path) -> tuple[Function, ...]:
    """Load the app's code again from its files, in this process.

    When that fails the old modules and functions stay in place. Raises ``AppLoadError``.
    """
    old = {name: module for name, module in sys.modules.items() if _belongs_to(module, app_dir)}
    for name, module in old.items():
        del sys.modules[name]
        # A cached file is trusted by size and whole second of the source; an edit can keep both.
        if module.__spec__ and module.__spec__.cached:
            Path(module.__spec__.cached).unlink(missing_ok=True)
    importlib.invalidate_caches()
    try:
        return load(app_dir)
    except AppLoadError:
        for name in [name for name, module in sys.modules.items() if _belongs_to(module, app_dir)]:
            del sys.modules[name]
        sys.modules.update(old)
        raise


async def invoke(
    function: Function, inputs: Sequence[tuple[str, Datum]], metadata: Mapping[str, Datum] | None = None
) -> Any:
    """Call a function: async ones on this loop, others in the worker's thread pool.

    Returns its return value as the worker encodes it, a ``Datum``, or None where it has no ``$return``. Raises
    ``InvocationError`` with the function's own exception.
    """
    caught: list[Exception] = []
    token = _caught.set(caught)
    try:
        ok, value, _, text, trace = await _native.invocation_request_native(
            str(uuid.uuid4()), function.id, inputs, dict(metadata or {})
        )
    finally:
        _caught.reset(token)
    if not ok:
        raise InvocationError(function.name, caught[0] if caught else RuntimeError(text), trace or "")
    return value


_caught: ContextVar[list[Exception] | None] = ContextVar("caught", default=None)


def _keep_exception(record: logging.LogRecord) -> bool:
    """Take the exception of a failed call from the worker's log record, as its result has only the text of it.

    Such a record is dropped: the host logs the failure itself, with the function's name.
    """
    caught = _caught.get()
    if caught is None or record.exc_info is None or not isinstance(record.exc_info[1], Exception):
        return True
    caught.append(record.exc_info[1])
    return False


_native.logger.addFilter(_keep_exception)


def _describe(name: str, raw_bindings: Sequence[str]) -> Function:
    bindings = tuple(cast(dict[str, Any], json.loads(raw)) for raw in raw_bindings)
    for binding in bindings:
        if binding["type"] not in TRIGGERS + _OTHER_BINDINGS:
            raise AppLoadError(f"function {name}: {binding['name']!r} is a {binding['type']}, not served locally")
    if not any(binding["type"] in TRIGGERS for binding in bindings):
        raise AppLoadError(f"function {name} has no trigger")
    return Function(name, str(uuid.uuid5(uuid.NAMESPACE_OID, name)), bindings)


def _prepare_blob_function(function: Function, registry: Registry) -> None:
    parameter, connection = function.trigger["name"], str(function.trigger.get("connection") or "AzureWebJobsStorage")
    info: Any = registry.get_function(function.id)
    given = info.input_types[parameter]
    if given.binding_name != "blobTrigger":
        raise AppLoadError(
            f"function {function.name}: {parameter!r} asks for the content, annotate it func.InputStream"
            " or with BlobClient of azurefunctions.extensions.bindings.blob"
        )
    make = _without_content
    if given.deferred_bindings_enabled:
        make = _client_maker(connection, given.pytype)
        # The worker decodes such a parameter on its way over protobuf only: here the stream comes first, as for others.
        plain = given._replace(deferred_bindings_enabled=False)
        info = info._replace(input_types={**info.input_types, parameter: plain})
    call = _adapted(info.func, parameter, make, is_async=info.is_async)
    cast(Any, registry)._functions[function.id] = info._replace(func=call)


class _NoContent(io.RawIOBase):
    """The content of a blob, not fetched; refuses to be read, as nothing would look like an empty blob."""

    def read(self, size: int = -1) -> bytes:
        raise io.UnsupportedOperation("a blob trigger brings name and ETag; read the blob through its client")


def _without_content(stream: Any) -> Any:
    """The stream with name, uri, length, properties and metadata, but no content."""
    stream._io = _NoContent()
    return stream


def _client_maker(connection: str, kind: type) -> Callable[[Any], Any]:
    """Make of a stream what the extension makes of the host's ``model_binding_data``: a client of the blob."""
    extension: Any = importlib.import_module("azurefunctions.extensions.base")

    def client(stream: Any) -> Any:
        container, _, name = stream.name.partition("/")
        content = json.dumps({"Connection": connection, "ContainerName": container, "BlobName": name})
        data = SimpleNamespace(
            version="1.0", source="AzureStorageBlobs", content_type="application/json", content=content
        )
        converter = extension.get_binding_registry().get("blobTrigger")
        return converter.decode(extension.Datum(data, "model_binding_data"), trigger_metadata={}, pytype=kind)

    return client


def _adapted(call: Callable[..., Any], parameter: str, make: Callable[[Any], Any], *, is_async: bool) -> Any:
    """Let a blob function see what ``make`` makes of its stream."""

    def adapted(arguments: dict[str, Any]) -> dict[str, Any]:
        return {**arguments, parameter: make(arguments[parameter])}

    def call_sync(**arguments: Any) -> Any:
        return call(**adapted(arguments))

    async def call_async(**arguments: Any) -> Any:
        return await call(**adapted(arguments))

    return call_async if is_async else call_sync


def _belongs_to(module: ModuleType, app_dir: Path) -> bool:
    """Whether a module is the app's own code: in its folder, neither installed there nor part of this host."""
    path = getattr(module, "__file__", None)
    if path is None or module.__name__ == "__main__" or module.__name__.split(".")[0] == "dev":
        return False
    file = Path(path)
    return file.is_relative_to(app_dir) and not file.is_relative_to(sys.prefix) and "site-packages" not in file.parts
