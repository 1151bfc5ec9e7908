"""The functions' names: triggers, orchestrators and activities meet here and never import each other."""

RUN_OPERATION = "run_operation"
RUN_TENANT = "run_tenant"

BEGIN_OPERATION = "begin_operation"
BEGIN_TENANT = "begin_tenant"
RESOLVE_USERS = "resolve_users"
PLAN_USERS = "plan_users"
RESERVE_SEATS = "reserve_seats"
CHECK_GUARDS = "check_guards"
TAKE_TURN = "take_turn"
APPLY_BATCH = "apply_batch"
HAND_ON = "hand_on"
RECORD_AUDIT = "record_audit"
REST_UNTIL = "rest_until"
REST_TENANT = "rest_tenant"
END_TENANT = "end_tenant"


def operation_instance(operation_id: str, epoch: int) -> str:
    """Instance id of an operation's orchestration."""
    return f"{operation_id}:{epoch}"


def tenant_instance(operation_id: str, epoch: int, tenant_id: str) -> str:
    """Instance id of a tenant's orchestration."""
    return f"{operation_id}:{epoch}:{tenant_id}"
