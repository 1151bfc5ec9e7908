"""
Turn a parsed ``$filter`` or ``$search`` into a predicate, under the rules of advanced queries.

Text compares without regard to case, as the directory does. ASSUMPTION: at most 15 values in ``in`` and 15 alternatives
of ``or``.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, cast

from dev.simulator.errors import advanced_only, malformed, no_such_property, unsupported_clause, unsupported_query
from dev.simulator.jsonshape import as_object
from dev.simulator.model import User, merge
from dev.simulator.odata import AnyOf, Clause, Combine, Compare, Literal, Node, Not, Path, SearchNode
from dev.simulator.properties import Property, Resource
from dev.simulator.tenant import Tenant

type Predicate[T] = Callable[[T], bool]

MAX_ALTERNATIVES = 15
_ITEM_PROPERTIES = {
    "assignedLicenses": ("skuId", "disabledPlans"),
    "assignedPlans": ("servicePlanId", "service", "capabilityStatus", "assignedDateTime"),
}


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def compare(operator: str, values: tuple[Literal, ...]) -> Callable[[Any], bool]:
    """A test of one value against literals; null is equal to null only and sorts nowhere."""
    wanted = [_fold(each.value) for each in values]
    first = wanted[0]
    if operator in ("eq", "in"):
        known = frozenset(wanted)
        return lambda value: _fold(value) in known
    if operator == "ne":
        return lambda value: _fold(value) != first
    if operator == "startsWith":
        return lambda value: isinstance(value, str) and value.casefold().startswith(first)
    if operator == "endsWith":
        return lambda value: isinstance(value, str) and value.casefold().endswith(first)
    if operator == "ge":
        return lambda value: value is not None and _fold(value) >= first
    if operator == "le":
        return lambda value: value is not None and _fold(value) <= first
    raise unsupported_query(f"Operator '{operator}' is not supported.")  # ASSUMPTION: text; gt, lt, contains


class FilterCompiler[T]:
    """Compiles trees for one resource of one tenant, in default or advanced mode."""

    def __init__(self, resource: Resource[T], tenant: Tenant, *, advanced: bool) -> None:
        self._resource = resource
        self._tenant = tenant
        self._advanced = advanced

    def compile(self, node: Node, *, negated: bool = False) -> Predicate[T]:
        """The predicate of a tree; GraphError for what the directory does not support."""
        match node:
            case Combine("and", nodes):
                tests = [self.compile(each, negated=negated) for each in nodes]
                return lambda item: all(test(item) for test in tests)
            case Combine(_, nodes):
                if len(nodes) > MAX_ALTERNATIVES:
                    raise _too_many(len(nodes))
                tests = [self.compile(each, negated=negated) for each in nodes]
                return lambda item: any(test(item) for test in tests)
            case Not(inner):
                test = self.compile(inner, negated=True)
                return lambda item: not test(item)
            case AnyOf():
                return self._any(node, negated)
            case Compare():
                return self._compare(node, negated)

    def _property(self, path: Path) -> Property[T]:
        found = self._resource.properties.get(path.parts[0])
        if found is None:
            raise no_such_property(path.parts[0], self._resource.name)
        return found

    def _allow(self, found: Property[T], operators: Iterable[str]) -> None:
        rule, name = found.rule, found.name
        for operator in operators:
            if operator in rule.default:
                continue
            if operator not in rule.advanced or (not rule.default and not self._advanced):
                raise unsupported_clause(name, self._resource.name)
            if not self._advanced:
                raise advanced_only(operator)

    def _compare(self, node: Compare, negated: bool) -> Predicate[T]:
        found = self._property(node.path)
        if node.path.count:
            return self._count(found, node)
        operators = [node.operator, *(["null"] if any(v.kind == "null" for v in node.values) else [])]
        self._allow(found, operators + (["not"] if negated else []))
        if len(node.values) > MAX_ALTERNATIVES:
            raise _too_many(len(node.values))
        _check_kinds(found, node)
        test, tenant, get = compare(node.operator, node.values), self._tenant, found.get
        if len(node.path.parts) == 1:
            if found.rule.kind in ("collection", "object"):
                raise unsupported_clause(found.name, self._resource.name)
            if found.attribute is not None:  # spare a call per object
                read = attrgetter(found.attribute)
                return lambda item: test(read(item))
            return lambda item: test(get(item, tenant))
        part = node.path.parts[1]
        if found.rule.kind != "object" or len(node.path.parts) > 2:
            raise unsupported_clause("/".join(node.path.parts), self._resource.name)
        return lambda item: test((as_object(get(item, tenant)) or {}).get(part))

    def _count(self, found: Property[T], node: Compare) -> Predicate[T]:
        self._allow(found, ["count"])
        number = node.values[0].value
        if node.operator not in ("eq", "ne") or number != 0:  # documented for 0 only
            raise unsupported_clause(f"{found.name}/$count", self._resource.name)
        empty = node.operator == "eq"
        some = self._some(found)
        return lambda item: some(item) != empty

    def _some(self, found: Property[T]) -> Predicate[T]:
        if found.name in ("assignedLicenses", "assignedPlans") and self._resource.name == "User":
            return lambda item: isinstance(item, User) and bool(merge(item.licences))
        get, tenant = found.get, self._tenant
        return lambda item: bool(get(item, tenant))

    def _any(self, node: AnyOf, negated: bool) -> Predicate[T]:
        found = self._property(node.path)
        if found.rule.kind != "collection" or len(node.path.parts) > 1:
            raise malformed(
                f"Invalid filter clause: 'any' cannot be applied to property '{'/'.join(node.path.parts)}'."
            )
        if negated:
            self._allow(found, ["not"])
        if node.inner is None:
            self._allow(found, ["count"])
            return self._some(found)
        test = self._item_test(node.inner, node.variable or "", found)
        get, tenant = found.get, self._tenant
        if self._resource.name == "User" and found.name in _ITEM_PROPERTIES:
            seen: dict[Any, bool] = {}  # users with the same licences share one answer

            def by_licences(item: T) -> bool:
                key = merge(item.licences) if isinstance(item, User) else None
                answer = seen.get(key)
                if answer is None:
                    answer = seen[key] = any(test(element) for element in get(item, tenant))
                return answer

            return by_licences
        return lambda item: any(test(element) for element in get(item, tenant))

    def _item_test(self, node: Node, variable: str, found: Property[T]) -> Callable[[Any], bool]:
        match node:
            case Combine(operator, nodes):
                tests = [self._item_test(each, variable, found) for each in nodes]
                both = all if operator == "and" else any
                return lambda element: both(test(element) for test in tests)
            case Compare(path, operator, values) if path.parts[0] == variable and not path.count:
                self._allow(found, [operator])
                test = compare(operator, values)
                if len(path.parts) == 1:
                    return test
                name = path.parts[1]
                if name not in _ITEM_PROPERTIES.get(found.name, ()):
                    raise malformed(f"Invalid filter clause: Could not find a property named '{name}'.")
                return lambda element: test((as_object(element) or {}).get(name))
            case _:
                raise unsupported_clause(found.name, self._resource.name)


def _too_many(count: int) -> Exception:
    """ASSUMPTION: the limit of 15 and its text."""
    return unsupported_query(
        "Too many child clauses specified in search filter expression containing 'OR' operators: "
        f"{count}. Max allowed: {MAX_ALTERNATIVES}."
    )


_KINDS = {"string": {"string", "guid", "null"}, "boolean": {"boolean", "null"}, "datetime": {"datetime", "null"}}


def _check_kinds(found: Property[Any], node: Compare) -> None:
    """ASSUMPTION: text of the refusal of a literal of another type."""
    allowed = _KINDS.get(found.rule.kind)
    for each in node.values:
        if allowed is not None and each.kind not in allowed:
            raise malformed(
                "Invalid filter clause: A binary operator with incompatible types was detected for property "
                f"'{found.name}' and operator '{node.operator}'."
            )


def _texts(value: Any) -> list[str]:
    several: Iterable[Any] = cast("tuple[Any, ...]", value) if isinstance(value, tuple) else (value,)
    return [str(each).casefold() for each in several if each]


def compile_search[T](node: SearchNode, resource: Resource[T], tenant: Tenant) -> Predicate[T]:
    """``displayName`` and ``description`` match by the start of any of their words, other properties by their start."""
    match node:
        case Combine(operator, nodes):
            tests = [compile_search(each, resource, tenant) for each in nodes if isinstance(each, Clause | Combine)]
            both = all if operator == "and" else any
            return lambda item: both(test(item) for test in tests)
        case Clause(name, text):
            found = resource.properties.get(name)
            if found is None or found.rule.kind not in ("string", "collection"):
                raise unsupported_query(f"Search is not supported on property '{name}'.")  # ASSUMPTION: text
            words, whole, get = text.casefold().split(), name not in resource.tokenised, found.get

            def test(item: T) -> bool:
                texts = _texts(get(item, tenant))
                if whole:
                    return any(each.startswith(text.casefold()) for each in texts)
                tokens = [token for each in texts for token in each.replace("-", " ").split()]
                return all(any(token.startswith(word) for token in tokens) for word in words)

            return test
