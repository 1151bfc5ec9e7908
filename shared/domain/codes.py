"""The codes of results and of a tenant's error (the HTTP contract fixes them)."""

from enum import StrEnum


class ResultCode(StrEnum):
    """Why a user was skipped or failed."""

    INSUFFICIENT_LICENSES = "InsufficientLicenses"
    MISSING_USAGE_LOCATION = "MissingUsageLocation"
    PROHIBITED_IN_USAGE_LOCATION = "ProhibitedInUsageLocation"
    CONFLICTING_SERVICE_PLANS = "ConflictingServicePlans"
    DEPENDENCY_NOT_MET = "DependencyNotMet"
    INHERITED_FROM_GROUP = "InheritedFromGroup"
    ALREADY_ASSIGNED = "AlreadyAssigned"
    LICENSE_NOT_ASSIGNED = "LicenseNotAssigned"
    USER_NOT_FOUND = "UserNotFound"
    SKU_NOT_FOUND = "SkuNotFound"
    DRIFTED = "Drifted"
    THROTTLED = "Throttled"
    TENANT_UNAVAILABLE = "TenantUnavailable"
    PERMISSION_DENIED = "PermissionDenied"
    MAILBOX_NOT_CONVERTED = "MailboxNotConverted"
    OUTCOME_UNKNOWN = "OutcomeUnknown"
    CANCELLED = "Cancelled"
    GUARD_EXCEEDED = "GuardExceeded"
    GRAPH_ERROR = "GraphError"


class TenantErrorCode(StrEnum):
    """Why a tenant's part ended before its first write, besides the result codes."""

    EMPTY_SELECTION = "EmptySelection"
    GROUP_NOT_FOUND = "GroupNotFound"
    GROUP_AMBIGUOUS = "GroupAmbiguous"
    BAD_FILTER = "BadFilter"
    CONTRADICTORY_ROWS = "ContradictoryRows"


SKIPPED = frozenset(
    {
        ResultCode.ALREADY_ASSIGNED,
        ResultCode.LICENSE_NOT_ASSIGNED,
        ResultCode.INHERITED_FROM_GROUP,
        ResultCode.CONFLICTING_SERVICE_PLANS,
        ResultCode.DRIFTED,
        ResultCode.CANCELLED,
    }
)
"""Nothing to do or nothing allowed; with any other code the user should have changed and did not."""


def status_of(code: str | None) -> str:
    """The status of a result with this code: ``succeeded`` without one, else ``skipped`` or ``failed``."""
    if code is None:
        return "succeeded"
    return "skipped" if code in SKIPPED else "failed"
