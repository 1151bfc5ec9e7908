"""What an administrator does next, one text for each code of a result or of a tenant's error.

``docs/errors.md`` has the same texts beside what each code means; ``tests/docs/test_errors.py`` holds the two together.
"""

from collections.abc import Mapping

from shared.domain.codes import ResultCode, TenantErrorCode

ADVICE: Mapping[str, str] = {
    ResultCode.INSUFFICIENT_LICENSES: (
        "Buy seats or free some, then start again for who is left;"
        " with onInsufficientLicenses partial the seats that are there are given out first."
    ),
    ResultCode.MISSING_USAGE_LOCATION: (
        "Set the user's usage location in the directory, or give usageLocation in the request, then start again."
    ),
    ResultCode.PROHIBITED_IN_USAGE_LOCATION: (
        "Microsoft does not offer a service of this SKU in the user's country:"
        " disable that service plan, or choose another SKU."
    ),
    ResultCode.CONFLICTING_SERVICE_PLANS: (
        "Two SKUs bring service plans that exclude each other:"
        " disable one of the plans in the request, or take the other SKU from the user first."
    ),
    ResultCode.DEPENDENCY_NOT_MET: (
        "A service plan needs another one: assign or keep the SKU that brings it, or disable the dependent plan too."
    ),
    ResultCode.INHERITED_FROM_GROUP: (
        "The licence comes from a group: change the user's membership or the group's licences."
    ),
    ResultCode.ALREADY_ASSIGNED: "Nothing to do: the user already has it as asked.",
    ResultCode.LICENSE_NOT_ASSIGNED: "Nothing to do: the user does not hold this licence directly.",
    ResultCode.USER_NOT_FOUND: (
        "Check the object id or principal name; a user created minutes ago needs a moment to appear."
    ),
    ResultCode.SKU_NOT_FOUND: "Choose a SKU, and service plans of it, from the tenant's list of licences.",
    ResultCode.DRIFTED: "The user was changed since the plan was made: look at the user, then start again.",
    ResultCode.THROTTLED: "Microsoft Graph had too much to do for this tenant: start again later for who is left.",
    ResultCode.TENANT_UNAVAILABLE: "Microsoft Graph did not answer for this tenant: start again later for who is left.",
    ResultCode.PERMISSION_DENIED: (
        "Grant the app's permissions in this tenant (admin consent) and check the credential it is registered with,"
        " then start again."
    ),
    ResultCode.MAILBOX_NOT_CONVERTED: "Convert the mailbox to a shared one by hand, check it, then remove the licence.",
    ResultCode.OUTCOME_UNKNOWN: (
        "The change may or may not have been made: look at the user's licences before you start again."
    ),
    ResultCode.CANCELLED: "The operation was cancelled, or ended, before this user's turn: start again to do the rest.",
    ResultCode.GUARD_EXCEEDED: "More users are concerned than allowed: narrow the selection, or raise the guard.",
    ResultCode.GRAPH_ERROR: (
        "Read Microsoft Graph's own text; with the request id in it or in the audit Microsoft's support can say more."
    ),
    TenantErrorCode.EMPTY_SELECTION: (
        "Check the group, filter or list, and include guests or disabled accounts where they are meant."
    ),
    TenantErrorCode.GROUP_NOT_FOUND: (
        "Check the spelling, or search the tenant's groups and give the id of the one that is meant."
    ),
    TenantErrorCode.GROUP_AMBIGUOUS: "Give the id of the group that is meant in place of its display name.",
    TenantErrorCode.BAD_FILTER: (
        "Mend the filter: properties and operators are those of Microsoft Graph's $filter on users,"
        " and text stands in quotes."
    ),
    TenantErrorCode.CONTRADICTORY_ROWS: (
        "Name that user alike in all of its rows, by principal name or by object id, then start again."
    ),
}


def advice(code: str) -> str:
    """What to do about a code; a code that nobody knows stands for itself."""
    return ADVICE.get(code, code)


def told(code: str, message: str | None) -> str:
    """What happened, and what to do about it."""
    next_step = advice(code)
    if not message:
        return next_step
    if next_step == code or next_step in message:
        return message
    return f"{message.rstrip().removesuffix('.')}. {next_step}"
