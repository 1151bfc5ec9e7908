"""
The properties of users and groups: how each is read from the model, rendered, selected and filtered.

``FilterRule`` holds, per property, the operators that work as they are and those that ask for an advanced query
(``ConsistencyLevel: eventual`` and ``$count=true``), as Microsoft's page "filter-directory-objects" has them.
Properties without a rule of their own there carry that of their nearest relative (ASSUMPTION).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dev.simulator.model import Group, User, merge
from dev.simulator.tenant import Tenant

EXTENSIONS = tuple(f"extensionAttribute{n}" for n in range(1, 16))


@dataclass(frozen=True, slots=True)
class FilterRule:
    """Operators by mode; ``null`` stands for a comparison with null, ``not`` for being negated."""

    default: frozenset[str] = frozenset()
    advanced: frozenset[str] = frozenset()
    kind: str = "string"


@dataclass(frozen=True, slots=True)
class Property[T]:
    """``get`` gives the value that filters compare, ``render`` (if any) what a response shows."""

    name: str
    get: Callable[[T, Tenant], Any]
    rule: FilterRule = FilterRule()
    default: bool = False
    render: Callable[[T, Tenant], Any] | None = None
    attribute: str | None = None  # where ``get`` is no more than that

    def show(self, item: T, tenant: Tenant) -> Any:
        """The value in a response."""
        return (self.render or self.get)(item, tenant)


@dataclass(frozen=True, slots=True)
class Resource[T]:
    """A kind of directory object with its properties by name."""

    name: str
    odata_type: str
    properties: dict[str, Property[T]]
    tokenised: frozenset[str]

    def default_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.properties.values() if each.default)


def _rule(default: str, advanced: str = "", kind: str = "string") -> FilterRule:
    return FilterRule(frozenset(default.split()), frozenset(advanced.split()), kind)


TEXT = _rule("eq ge le in startsWith", "ne null")
NAME = _rule("eq in startsWith", "ne")
ADDRESS = _rule("eq in startsWith", "ne endsWith")
UNINDEXED = _rule("", "eq ne not ge le in startsWith null")
COLLECTION = _rule("eq startsWith", "not count endsWith", "collection")
LICENCES = _rule("eq", "not count", "collection")
BOOLEAN = _rule("eq in", "ne not ge le", "boolean")
DATE = _rule("eq ge le in", "ne not", "datetime")


def _attribute(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def _plain(name: str, rule: FilterRule, *, default: bool = False) -> Property[Any]:
    attribute = _attribute(name)

    return Property(name, lambda item, _: getattr(item, attribute), rule, default, attribute=attribute)


_SERVICES = {
    "EXCHANGE": "exchange",
    "SHAREPOINT": "SharePoint",
    "TEAMS": "TeamspaceAPI",
    "MCO": "MicrosoftCommunicationsOnline",
    "INTUNE": "SCO",
    "BI_": "PowerBI",
}


def _service_of(plan_name: str) -> str:
    """The service behind a plan. ASSUMPTION: only its rough shape."""
    for prefix, service in _SERVICES.items():
        if plan_name.startswith(prefix):
            return service
    return plan_name


def assigned_licenses(user: User, _tenant: Tenant) -> list[dict[str, Any]]:
    """One element per SKU, the sources merged."""
    return [{"disabledPlans": list(off), "skuId": sku} for sku, off in merge(user.licences)]


def assigned_plans(user: User, tenant: Tenant) -> list[dict[str, Any]]:
    """One element per service plan the user has."""
    enabled = tenant.enabled_plans(user.licences)
    names = {plan.id: plan.name for sku, _ in merge(user.licences) for plan in tenant.skus[sku].plans}
    moment = max((each.updated for each in user.licences), default="")
    return [
        {
            "assignedDateTime": moment,
            "capabilityStatus": "Enabled",
            "service": _service_of(names[plan]),
            "servicePlanId": plan,
        }
        for plan in sorted(enabled)
    ]


def _states(user: User, _tenant: Tenant) -> list[dict[str, Any]]:
    return [
        {
            "skuId": each.sku_id,
            "disabledPlans": list(each.disabled),
            "assignedByGroup": each.group,
            "state": each.state,
            "error": each.error or "None",  # ASSUMPTION: the text as tools show it; the page says null
            "lastUpdatedDateTime": each.updated,
        }
        for each in user.licences
    ]


def _extensions(user: User, _tenant: Tenant) -> dict[str, str | None]:
    return dict.fromkeys(EXTENSIONS) | dict(zip(EXTENSIONS, user.extension_attributes, strict=False))


def _sign_in(user: User, _tenant: Tenant) -> dict[str, Any] | None:
    if user.last_sign_in is None:
        return None
    return {"lastSignInDateTime": user.last_sign_in, "lastSuccessfulSignInDateTime": user.last_sign_in}


def _collection(name: str, rule: FilterRule = COLLECTION, *, default: bool = False) -> Property[Any]:
    attribute = _attribute(name)
    return Property(
        name, lambda item, _: getattr(item, attribute), rule, default, lambda item, _: list(getattr(item, attribute))
    )


def _user_properties() -> list[Property[User]]:
    return [
        _collection("businessPhones", _rule("", "count", "collection"), default=True),
        _plain("displayName", NAME, default=True),
        _plain("givenName", TEXT, default=True),
        _plain("jobTitle", _rule("eq ge le in startsWith", "ne null"), default=True),
        _plain("mail", ADDRESS, default=True),
        _plain("mobilePhone", _rule("eq ge le in startsWith", "ne null"), default=True),
        _plain("officeLocation", UNINDEXED, default=True),
        _plain("preferredLanguage", TEXT, default=True),
        _plain("surname", TEXT, default=True),
        _plain("userPrincipalName", ADDRESS, default=True),
        _plain("id", _rule("eq in", "ne not"), default=True),
        _plain("accountEnabled", BOOLEAN),
        _plain("city", _rule("eq ge in startsWith", "ne null")),
        _plain("companyName", UNINDEXED),
        _plain("country", TEXT),
        _plain("createdDateTime", DATE),
        _plain("department", _rule("eq ge le in startsWith", "ne not null")),
        _plain("employeeId", TEXT),
        _plain("employeeType", UNINDEXED),
        _plain("externalUserState", _rule("eq in", "ne not null")),
        _plain("mailNickname", TEXT),
        _plain("onPremisesSyncEnabled", _rule("eq in", "ne not null", "boolean")),
        _plain("state", TEXT),
        _plain("usageLocation", _rule("eq ge le in startsWith", "ne not null")),
        _plain("userType", _rule("eq in", "ne not null")),
        _collection("otherMails"),
        _collection("proxyAddresses"),
        Property("onPremisesExtensionAttributes", _extensions, _rule("", "eq ne in ge le", "object")),
        Property("signInActivity", _sign_in, _rule("eq ge le", "ne", "object")),
        Property("assignedLicenses", assigned_licenses, LICENCES),
        Property("assignedPlans", assigned_plans, LICENCES),
        Property("licenseAssignmentStates", _states),
    ]


def _has_errors(group: Group, tenant: Tenant) -> bool:
    members = (tenant.users.current.get(member.id) for member in group.members if member.kind == "user")
    return any(each.group == group.id and each.error for user in members if user is not None for each in user.licences)


def _group_properties() -> list[Property[Group]]:
    return [
        _plain("id", _rule("eq in", "ne not"), default=True),
        _plain("createdDateTime", DATE, default=True),
        _plain("description", _rule("", "eq ne not ge le in startsWith null"), default=True),
        _plain("displayName", _rule("eq ge le in startsWith", "ne not null"), default=True),
        _collection("groupTypes", default=True),
        _plain("mail", ADDRESS, default=True),
        _plain("mailEnabled", BOOLEAN, default=True),
        _plain("mailNickname", TEXT, default=True),
        _plain("membershipRule", FilterRule(), default=True),
        _plain("securityEnabled", BOOLEAN, default=True),
        _plain("visibility", FilterRule(), default=True),
        Property(
            "assignedLicenses",
            lambda group, _: [{"disabledPlans": list(off), "skuId": sku} for sku, off in group.licences],
            LICENCES,
        ),
        Property("licenseProcessingState", lambda group, _: {"state": group.processing_state}),
        Property("hasMembersWithLicenseErrors", _has_errors, _rule("eq", "", "boolean")),
    ]


def _table[T](properties: list[Property[T]]) -> dict[str, Property[T]]:
    return {each.name: each for each in properties}


USER: Resource[User] = Resource(
    "User", "#microsoft.graph.user", _table(_user_properties()), frozenset({"displayName", "description"})
)
GROUP: Resource[Group] = Resource(
    "Group", "#microsoft.graph.group", _table(_group_properties()), frozenset({"displayName", "description"})
)
