"""What a directory's refusal is called, in results and in a tenant's error."""

from shared.domain.codes import ResultCode, TenantErrorCode
from shared.errors import (
    BadFilter,
    Denied,
    GraphError,
    GroupAmbiguous,
    GroupNotFound,
    RowsContradict,
    Throttled,
    Unavailable,
    UserMissing,
)


def code_of(error: GraphError) -> str:
    """The code that the HTTP contract has for the error."""
    match error:
        case Throttled():
            return ResultCode.THROTTLED
        case Unavailable():
            return ResultCode.TENANT_UNAVAILABLE
        case GroupNotFound():
            return TenantErrorCode.GROUP_NOT_FOUND
        case GroupAmbiguous():
            return TenantErrorCode.GROUP_AMBIGUOUS
        case BadFilter():
            return TenantErrorCode.BAD_FILTER
        case Denied():
            return ResultCode.PERMISSION_DENIED
        case UserMissing():
            return ResultCode.USER_NOT_FOUND
        case RowsContradict():
            return TenantErrorCode.CONTRADICTORY_ROWS
        case _:
            return ResultCode.GRAPH_ERROR
