"""Query options of a collection: checked, applied, paged."""

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote

from dev.simulator.calls import Call
from dev.simulator.errors import GraphError, Json, advanced_only, malformed, unsupported_query
from dev.simulator.filters import FilterCompiler, Predicate, compile_search
from dev.simulator.odata import parse_filter, parse_search
from dev.simulator.properties import Property, Resource
from dev.simulator.snapshots import Snapshot
from dev.simulator.tenant import Tenant

DEFAULT_PAGE, MAX_PAGE, MAX_SIGN_IN_PAGE = 100, 999, 500
SEARCH_NEEDS_HEADER = (
    "Request with $search query parameter only works through MSGraph with a special request header: "
    "'ConsistencyLevel: eventual'"
)
_KNOWN = frozenset({"$select", "$filter", "$search", "$count", "$orderby", "$top", "$skiptoken", "$format"})


@dataclass(slots=True)
class Options:
    """Checked options; ``advanced`` = the header and ``$count=true`` are both there."""

    call: Call
    select: tuple[str, ...] | None
    top: int
    count: bool
    advanced: bool
    token: str | None
    snapshot: Snapshot = field(default_factory=dict[str, Sequence[Any]])
    snapshot_name: str | None = None

    @property
    def index(self) -> bool:
        """The answer comes from the eventually consistent index."""
        return self.advanced or (self.call.eventual and "$search" in self.call.query)


def _page_size(text: str | None) -> int:
    if text is None:
        return DEFAULT_PAGE
    try:
        size = int(text)
    except ValueError:
        raise malformed(
            f"Invalid value '{text}' for $top query option found. The $top query option requires a non-negative "
            "integer value."
        ) from None
    if not 1 <= size <= MAX_PAGE:
        raise unsupported_query(f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive.")
    return size


def read_options(call: Call, *, paged: bool = True) -> Options:
    """The options of a call; GraphError for one that is unknown or not supported."""
    for name in call.query:
        if name == "$skip":
            raise malformed("'$skip' is not supported by the service.")  # ASSUMPTION: text
        if name == "$expand":
            raise malformed("'$expand' is not supported by this simulator.")  # a limit of ours, said as such
        if name.startswith("$") and name not in _KNOWN:
            raise malformed(f"The query parameter '{name}' is not recognized.")  # ASSUMPTION: text
    text = call.query.get("$select")
    select = tuple(each.strip() for each in text.split(",") if each.strip()) if text else None
    wants_count = call.query.get("$count", "").lower() == "true"
    if "$search" in call.query and not call.eventual:
        raise unsupported_query(SEARCH_NEEDS_HEADER)
    top = _page_size(call.query.get("$top")) if paged else MAX_PAGE
    if any("signInActivity" in call.query.get(name, "") for name in ("$select", "$filter")):
        top = min(top, MAX_SIGN_IN_PAGE)  # ASSUMPTION: capped, not refused
    count = wants_count and call.eventual  # without the header $count=true is silently ignored
    return Options(call, select, top, count, count, call.query.get("$skiptoken"))


def predicate[T](options: Options, resource: Resource[T], tenant: Tenant) -> Predicate[T] | None:
    """``$filter`` and ``$search`` as one test; None when there is neither."""
    tests: list[Predicate[T]] = []
    text = options.call.query.get("$filter")
    if text is not None:
        if not text.strip():
            raise malformed("Invalid filter clause: The filter is empty.")  # ASSUMPTION
        if "signInActivity" in text and (" and " in text or " or " in text):
            raise unsupported_query(
                "Filter on signInActivity cannot be combined with other filters."
            )  # ASSUMPTION: text
        tests.append(FilterCompiler(resource, tenant, advanced=options.advanced).compile(parse_filter(text)))
    search = options.call.query.get("$search")
    if search is not None:
        tests.append(compile_search(parse_search(search), resource, tenant))
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)


def shown[T](select: tuple[str, ...] | None, resource: Resource[T]) -> list[Property[T]]:
    """The properties of a response, in the order asked for. ASSUMPTION: text for an unknown one."""
    chosen: list[Property[T]] = []
    for name in select or resource.default_names():
        found = resource.properties.get(name)
        if found is None:
            kind = resource.odata_type.removeprefix("#")
            raise malformed(
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type '{kind}'."
            )
        chosen.append(found)
    return chosen


def render[T](item: T, properties: Iterable[Property[T]], tenant: Tenant) -> Json:
    """A response object."""
    return {each.name: each.show(item, tenant) for each in properties}


def _fingerprint(call: Call) -> int:
    rest = {name: value for name, value in call.query.items() if name != "$skiptoken"}
    return zlib.crc32(json.dumps(["/".join(call.segments), rest], sort_keys=True).encode())


class _Token(NamedTuple):
    """Where a page starts, and the snapshot it belongs to, if any."""

    start: int
    snapshot: str | None


def _encode(tenant: Tenant, call: Call, token: _Token) -> str:
    text = f"{tenant.generation}.{_fingerprint(call):08x}.{token.start}.{token.snapshot or ''}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decode(tenant: Tenant, call: Call, token: str) -> _Token:
    """What a page token says. ASSUMPTION: texts; a reloaded tenant makes its old links expire."""
    try:
        generation, mark, position, snapshot = base64.urlsafe_b64decode(token.encode()).decode().split(".")
        start = int(position)
    except (ValueError, binascii.Error):
        raise GraphError(400, "Request_BadRequest", "The value of $skiptoken is not valid.") from None
    if generation != tenant.generation:
        raise GraphError(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request.",
        )
    if mark != f"{_fingerprint(call):08x}":
        raise GraphError(400, "Request_BadRequest", "The value of $skiptoken does not belong to this query.")
    return _Token(start, snapshot or None)


def remembered[T](options: Options, tenant: Tenant, name: str, find: Callable[[], Sequence[T]]) -> Sequence[T]:
    """What ``find`` gave for the first page of this query as long as that is kept, else what it gives now."""
    if options.token is not None and options.snapshot_name is None:
        options.snapshot_name = _decode(tenant, options.call, options.token).snapshot
        kept = tenant.snapshots.find(options.snapshot_name) if options.snapshot_name else None
        if kept is None:
            options.snapshot_name = None
        else:
            options.snapshot = kept
    if name not in options.snapshot:
        options.snapshot[name] = find()
    return options.snapshot[name]


def next_link(options: Options, tenant: Tenant, position: int) -> str:
    """The whole address of the next page, with every option of this one."""
    call = options.call
    if options.snapshot and options.snapshot_name is None:
        options.snapshot_name = tenant.snapshots.keep(options.snapshot)
    query = {name: value for name, value in call.query.items() if name != "$skiptoken"}
    query["$skiptoken"] = _encode(tenant, call, _Token(position, options.snapshot_name))
    pairs = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in query.items())
    return f"{call.root}/{'/'.join(quote(each) for each in call.segments)}?{pairs}"


type Source[T] = Callable[[int], Iterator[tuple[int, T]]]


def sorted_source[T](options: Options, resource: Resource[T], tenant: Tenant, source: Source[T]) -> Source[T]:
    """``$orderby`` on text properties; with a filter it is an advanced query."""
    order = options.call.query.get("$orderby")
    if order is None:
        return source
    name, _, direction = order.strip().partition(" ")
    found = resource.properties.get(name)
    if found is None or found.rule.kind not in ("string", "datetime"):
        raise unsupported_query("Sorting not supported for current query.")
    if "$filter" in options.call.query and not options.advanced:
        raise advanced_only("orderby")  # ASSUMPTION: the operator's name
    get = found.get

    def rank() -> list[T]:
        return sorted(
            (item for _, item in source(0)),
            key=lambda item: str(get(item, tenant) or "").casefold(),
            reverse=direction.strip().lower() == "desc",
        )

    ranked = remembered(options, tenant, "ranked", rank)
    return lambda start: ((n, ranked[n]) for n in range(start, len(ranked)))


def collection[T](
    options: Options,
    tenant: Tenant,
    source: Source[T],
    keep: Callable[[T], bool] | None,
    show: Callable[[T], Json],
    context: str,
) -> Json:
    """One page: ``source`` yields (position, item) from a position on; positions make the opaque token."""
    call = options.call
    start = 0 if options.token is None else _decode(tenant, call, options.token).start
    value: list[Any] = []
    follow: int | None = None
    for position, item in source(start):
        if keep is None or keep(item):
            if len(value) == options.top:
                follow = position
                break
            value.append(show(item))
    body: Json = {"@odata.context": f"{call.root}/$metadata#{context}"}
    if options.count and options.token is None:  # ASSUMPTION: on the first page only
        body["@odata.count"] = sum(1 for _, item in source(0) if keep is None or keep(item))
    if follow is not None:
        body["@odata.nextLink"] = next_link(options, tenant, follow)
    body["value"] = value
    return body
