"""Orchestrations on the local host: each durable feature the app relies on, over HTTP."""

import asyncio
from typing import Any

import pytest

from tests.localhost.conftest import INSTANCES, Sample, wait_until

# One loop for the folder: the shared stack and its client live on it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_fan_out_is_bounded_by_host_json(sample: Sample) -> None:
    """All activities answer, and never more run at once than ``maxConcurrentActivityFunctions``."""
    assert (await sample.run("fan_out", 60))["output"] == {"sum": 60 * 59, "most": 4}


@pytest.mark.parametrize(
    ("failures", "output"),
    [
        pytest.param(2, 3, id="third attempt succeeds"),
        pytest.param(3, {"type": "builtins.ValueError", "message": "flaky on purpose"}, id="attempts run out"),
    ],
)
async def test_a_retry_policy_is_followed(sample: Sample, failures: int, output: Any) -> None:
    """An activity is tried as often as its policy says; then the orchestrator gets type and message of the failure."""
    result = (await sample.run("retried", {"failures": failures}))["output"]

    if isinstance(result, dict):
        result["type"] = result["type"] if "." in result["type"] else f"builtins.{result['type']}"
        result["message"] = "flaky on purpose" if "flaky on purpose" in result["message"] else result["message"]
    assert result == output


async def test_an_exception_without_a_message_is_a_failure(sample: Sample) -> None:
    """The engine reads a failure with an empty message as success; the host never sends one."""
    assert (await sample.run("silent_failure"))["output"] == "LookupError"


async def test_an_event_beats_the_timer(sample: Sample) -> None:
    """``when_any`` ends with the event, whatever the case of its name."""
    instance = await sample.start("race", 30)
    await sample.until(instance, "Running")

    assert await sample.post(instance, "raiseEvent/GO", {"by": "ana"}) == 202
    assert (await sample.until(instance))["output"] == {"by": "ana"}


async def test_a_timer_beats_the_event(sample: Sample) -> None:
    """``when_any`` ends with the timer when no event comes."""
    assert (await sample.run("race", 0.2))["output"] == "timer"


async def test_continue_as_new_goes_through_generations(sample: Sample) -> None:
    """A history starts anew each time and the last generation's output stays."""
    assert (await sample.run("generations", 5))["output"] == "last generation"


async def test_answers_of_an_earlier_generation_are_dropped(sample: Sample) -> None:
    """An activity left behind by ``continue_as_new`` does not answer for one with the same task id."""
    assert (await sample.run("stale_answers", 0))["output"] == "fresh"


async def test_a_parent_gets_the_result_of_a_child_that_continued_as_new(sample: Sample) -> None:
    """The child's last generation answers, not an earlier one."""
    child = {"name": "generations", "input": 4, "id": "child-of-generations"}
    assert (await sample.run("parent", child))["output"] == "last generation"


async def test_a_parent_sees_its_child_fail(sample: Sample) -> None:
    """A failed child is an error with its message in the parent, not a hang."""
    result = await sample.run("parent", {"name": "failing", "input": None, "id": "child-that-fails"})
    assert "failed on purpose" in result["output"]["failed"]


async def test_an_unknown_orchestrator_or_child_fails(sample: Sample) -> None:
    """A name that is not registered fails the instance with that name."""
    assert "no orchestration function 'nobody'" in (await sample.run("nobody"))["output"]
    result = await sample.run("parent", {"name": "nobody", "input": None, "id": "child-unknown"})
    assert "no orchestration function 'nobody'" in result["output"]["failed"]


async def test_payloads_above_grpc_default_limit_pass(sample: Sample) -> None:
    """An output of 6 MB comes back; stock limits hang at 4."""
    assert len((await sample.run("large", 6_000_000))["output"]) == 6_000_000


async def test_a_suspended_instance_keeps_its_event_until_resumed(sample: Sample) -> None:
    """Suspended, it does not act on an event; resumed, it does."""
    instance = await sample.start("steps")
    await sample.until_waiting(instance)
    assert await sample.post(instance, "suspend?reason=lunch") == 202
    await sample.until(instance, "Suspended")

    assert await sample.post(instance, "raiseEvent/go", "x") == 202
    await asyncio.sleep(0.3)
    assert (await sample.status(instance))["runtimeStatus"] == "Suspended"

    assert await sample.post(instance, "resume?reason=back") == 202
    assert (await sample.until(instance))["output"] == [2, "old:x"]


async def test_a_terminated_instance_stays_terminated(sample: Sample) -> None:
    """The activity still under way changes nothing, children end too, and the host goes on."""
    parent = await sample.start("parent", {"name": "waiting", "input": 0.6, "id": "child-to-end"})
    await sample.until("child-to-end", "Running")

    assert await sample.post(parent, "terminate?reason=enough") == 202
    assert (await sample.until(parent))["output"] == "enough"
    assert (await sample.until("child-to-end"))["runtimeStatus"] == "Terminated"
    await asyncio.sleep(0.8)
    assert (await sample.status("child-to-end"))["runtimeStatus"] == "Terminated"
    assert await sample.post(parent, "terminate?reason=again") == 410
    assert await sample.post(parent, "raiseEvent/go", 1) == 410


async def test_a_failed_instance_drops_the_activity_under_way(sample: Sample) -> None:
    """Its answer comes after the end and changes nothing."""
    failed = await sample.run("failing")
    await asyncio.sleep(0.7)

    again = await sample.status(failed["instanceId"])
    assert again["runtimeStatus"] == "Failed"
    assert "failed on purpose" in again["output"]
    assert "the host failed on a work item" not in sample.host.log_text()


async def test_a_fixed_instance_id_is_taken_once(sample: Sample) -> None:
    """ALREADY_EXISTS while it runs and after it has ended."""
    await sample.start("race", 0.3, instance_id="only-once")
    for _ in range(2):
        answer = await sample.http.post("/api/start/race", json=0, params={"id": "only-once"})
        assert (answer.status_code, answer.text) == (409, "ALREADY_EXISTS")
        await sample.until("only-once")


async def test_status_and_purge_follow_the_extension(sample: Sample) -> None:
    """202 with Location while it runs, 200 at the end, 404 once purged."""
    instance = await sample.start("steps")
    await sample.until_waiting(instance)
    running = await sample.http.get(f"{INSTANCES}/{instance}")
    assert running.status_code == 202
    assert running.headers["location"].endswith(instance)
    assert running.json()["customStatus"] == "waiting"

    await sample.post(instance, "raiseEvent/go", "x")
    await sample.until(instance)
    assert (await sample.http.get(f"{INSTANCES}/{instance}")).status_code == 200
    assert (await sample.http.delete(f"{INSTANCES}/{instance}")).json() == {"instancesDeleted": 1}
    assert (await sample.http.get(f"{INSTANCES}/{instance}")).status_code == 404
    assert (await sample.http.delete(f"{INSTANCES}/{instance}")).status_code == 404


async def test_instances_are_listed_by_state_and_prefix(sample: Sample) -> None:
    """The list knows both filters and refuses a state that does not exist."""
    await sample.start("race", 30, instance_id="listed-1")
    await sample.start("race", 0, instance_id="listed-2")
    await sample.until("listed-2")

    params = {"instanceIdPrefix": "listed-", "runtimeStatus": "Running,Pending"}
    listed = (await sample.http.get(INSTANCES, params=params)).json()
    assert [instance["instanceId"] for instance in listed] == ["listed-1"]
    assert (await sample.http.get(INSTANCES, params={"runtimeStatus": "Lost"})).status_code == 400


async def test_finished_instances_are_forgotten_beyond_a_number(sample: Sample) -> None:
    """Memory stays bounded: of many finished instances the oldest go, children too; running ones stay."""
    await sample.start("steps", instance_id="stays")
    for first in range(0, 150, 50):
        starts = [
            sample.start("parent", {"name": "race", "input": 0, "id": f"kid-{n}"}, instance_id=f"many-{n}")
            for n in range(first, first + 50)
        ]
        await asyncio.gather(*starts)

    async def few_are_left() -> bool:
        finished = await sample.http.get(INSTANCES, params={"runtimeStatus": "Completed,Failed,Terminated"})
        unended = {"runtimeStatus": "Running,Pending", "instanceIdPrefix": "many-"}
        running = await sample.http.get(INSTANCES, params=unended)
        return len(finished.json()) <= 200 and not running.json()

    await wait_until(few_are_left, description="at most 200 finished instances are known")
    assert (await sample.http.get(f"{INSTANCES}/many-0")).status_code == 404
    assert (await sample.http.get(f"{INSTANCES}/kid-0")).status_code == 404
    assert (await sample.status("stays"))["runtimeStatus"] == "Running"
