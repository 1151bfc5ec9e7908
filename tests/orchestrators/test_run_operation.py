"""One child a tenant, and a child's failure is its own."""

from typing import Any

from orchestrators.run_operation import run_operation
from shared.contracts.names import BEGIN_OPERATION, RUN_TENANT
from shared.contracts.work import Begun, OperationRun, Stop
from tests.orchestrators.script import Script

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RUN = OperationRun(operation="op1", epoch=3, trace=TRACE).wire()


def test_each_tenant_with_work_gets_a_child_of_this_epoch() -> None:
    """The instance ids tell operation, epoch and tenant, so that a second start is the same one."""
    script = Script({BEGIN_OPERATION: [Begun(tenants=["a", "b"])], RUN_TENANT: lambda _: None}).run(run_operation, RUN)

    assert script.names == [BEGIN_OPERATION, RUN_TENANT, RUN_TENANT]
    assert script.inputs(RUN_TENANT) == [
        {
            "operation": "op1",
            "epoch": 3,
            "trace": TRACE,
            "tenant": tenant,
            "plan": None,
            "since": "2026-11-23T12:00:00Z",
            "instance": f"op1:3:{tenant}",
        }
        for tenant in ("a", "b")
    ]


def test_a_child_that_fails_leaves_the_others_alone() -> None:
    """Trap 32: the sweeper finds its tenant by the ``due`` row."""

    def child(given: dict[str, Any]) -> Exception | None:
        return RuntimeError("lost") if given["tenant"] == "a" else None

    script = Script({BEGIN_OPERATION: [Begun(tenants=["a", "b", "c"])], RUN_TENANT: child}).run(run_operation, RUN)

    assert script.names.count(RUN_TENANT) == 3


def test_a_superseded_operation_starts_no_child() -> None:
    """A later epoch works, or all is done."""
    script = Script({BEGIN_OPERATION: [Begun(stop=Stop(code="superseded"))]}).run(run_operation, RUN)

    assert script.names == [BEGIN_OPERATION]
