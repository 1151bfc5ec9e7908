"""What callers are shown: numbers that add up, names for ids, and no user that is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.catalogue import catalogue
from shared.contracts import present
from shared.contracts.present import Words
from shared.domain.advice import advice
from shared.domain.audit import AuditEntry
from shared.domain.codes import ResultCode
from shared.domain.model import AddLicence, Assignment, LicenceState, SkippedLicence, Sku
from shared.domain.operation import Actor, Operation, Outcome, Phase, Status, TenantError, TenantPart, Totals
from shared.domain.prices import PriceBook

NOW = datetime(2026, 11, 23, 2, 0, 0, tzinfo=UTC)
TENANT = "11111111-1111-4111-8111-111111111111"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
YAMMER = "7547a3fe-08ee-4ccb-b430-5077c5041653"
WORDS = Words(catalogue())


def part(**changes: object) -> TenantPart:
    """A part that has written 100 of 200 users in 10 seconds."""
    running = TenantPart(
        operation_id="op",
        tenant_id=TENANT,
        domain="contoso.com",
        status=Status.RUNNING,
        phase=Phase.APPLYING,
        totals=Totals(250, {"": 90, "AlreadyAssigned": 50, "MissingUsageLocation": 10}, throttled=3),
        started_at=NOW - timedelta(seconds=20),
        applying_at=NOW - timedelta(seconds=10),
    )
    return replace(running, **changes)


def operation(*parts: TenantPart) -> Operation:
    """A running operation of these parts."""
    return Operation(
        id="op",
        kind="assign",
        status=Status.RUNNING,
        created_at=NOW - timedelta(seconds=30),
        created_by=Actor("key", "key"),
        request_sha="",
        body_sha="",
        tenants=parts,
    )


def test_progress_adds_up() -> None:
    """Invariant 9: total = pending + succeeded + skipped + failed, and the percentage is of those with an outcome."""
    shown = present.progress([part()], NOW)

    assert (shown.total, shown.pending, shown.succeeded, shown.skipped, shown.failed) == (250, 100, 90, 50, 10)
    assert shown.percent == 60.0
    assert shown.throttled_requests == 3


def test_the_rate_counts_written_users_since_writing_began() -> None:
    """Users whom the plan settled cost no time; the rest goes on at the same pace."""
    shown = present.progress([part()], NOW)

    assert shown.users_per_second == 10.0
    assert shown.estimated_completion == NOW + timedelta(seconds=10)


def test_the_slowest_tenant_says_when_all_are_done() -> None:
    """Tenants work side by side: the rate is of all, the end is of the last."""
    slow = part(totals=Totals(110, {"": 10}))
    shown = present.progress([part(), slow], NOW)

    assert shown.users_per_second == 11.0
    assert shown.estimated_completion == NOW + timedelta(seconds=100)


def test_nothing_is_promised_before_the_first_write_or_at_rest() -> None:
    """Without a pace there is no rate and no estimate; without users 0 percent."""
    resolving = part(applying_at=None, totals=Totals(), phase=Phase.RESOLVING)
    shown = present.progress([resolving], NOW)

    assert (shown.percent, shown.users_per_second, shown.estimated_completion) == (0.0, None, None)
    assert present.progress([part(), resolving], NOW).estimated_completion is None
    assert present.progress([part(status=Status.PAUSED)], NOW).estimated_completion is None


def test_the_last_pending_user_keeps_it_below_a_hundred_percent() -> None:
    """100 percent means done, not nearly done."""
    nearly = part(totals=Totals(100_000, {"": 99_999}))

    assert present.progress([nearly], NOW).percent == 99.9


def test_the_rate_of_an_ended_part_stands_still() -> None:
    """A status that is read the next day shows the rate of the work, not of the night."""
    ended = part(status=Status.SUCCEEDED, phase=Phase.DONE, ended_at=NOW, totals=Totals(100, {"": 100}))

    shown = present.progress([ended], NOW + timedelta(days=1))
    assert shown.users_per_second == 10.0
    assert shown.estimated_completion is None


def test_the_rate_of_a_resting_part_stands_still() -> None:
    """It rests over the weekend and was as fast as it was; nothing is promised for its end."""
    resting = part(status=Status.PAUSED, rested_at=NOW)

    shown = present.progress([resting], NOW + timedelta(days=2))
    assert shown.users_per_second == present.progress([part()], NOW).users_per_second
    assert shown.estimated_completion is None


def test_an_operation_is_as_far_as_its_slowest_tenant_and_groups_only_failures() -> None:
    """Skips are no errors; groups come with advice and with some of the users."""
    body = present.operation(
        operation(part(), part(phase=Phase.PLANNING)), NOW, samples={"MissingUsageLocation": ["ana@contoso.com"]}
    )

    assert body.phase is Phase.PLANNING
    (group,) = body.errors
    assert (group.code, group.count, group.sample) == ("MissingUsageLocation", 20, ["ana@contoso.com"])
    assert group.message == advice("MissingUsageLocation")
    assert body.progress.total == 500


def test_a_tenants_error_and_exclusions_are_shown() -> None:
    """Who was left out of the selection is always listed, and why a tenant ended, with what to do next."""
    ended = part(error=TenantError("InsufficientLicenses", "3 short", {"shortfall": 3}), excluded={"Guest": 2})
    shown = present.tenant_part(ended, NOW).model_dump(mode="json", by_alias=True)

    told = f"3 short. {advice('InsufficientLicenses')}"
    assert shown["error"] == {"code": "InsufficientLicenses", "message": told, "details": {"shortfall": 3}}
    assert shown["excluded"] == [{"code": "Guest", "count": 2}]


def outcome(**changes: object) -> Outcome:
    """Ana got E5 without Yammer."""
    done = Outcome(
        index=0,
        user_id="u0",
        user_principal_name="ana@contoso.com",
        code=None,
        mark="0.1.1",
        completed_at=NOW,
        added=(AddLicence(E5, frozenset({YAMMER})),),
        usage_location_set="US",
        attempts=1,
    )
    return replace(done, **changes)


def test_a_result_speaks_in_part_numbers_and_plan_names() -> None:
    """Ids are for machines: the caller reads the names it wrote; times end in Z."""
    shown = present.result(TENANT, outcome(message="kept"), WORDS).model_dump(mode="json", by_alias=True)

    assert shown["status"] == "succeeded"
    assert shown["added"] == ["SPE_E5"]
    assert shown["disabledPlans"] == {"SPE_E5": ["YAMMER_ENTERPRISE"]}
    assert shown["usageLocationSet"] == "US"
    assert shown["error"] is None
    assert shown["message"] == "kept"
    assert shown["completedAt"] == "2026-11-23T02:00:00Z"
    assert shown["graceUntil"] is None


def test_a_failure_tells_code_advice_and_graphs_own_words() -> None:
    """What Graph said is kept beside what to do about it; an unknown SKU stays as its id."""
    failed = outcome(
        code="MissingUsageLocation",
        detail="License assignment cannot be done",
        added=(),
        skipped_licences=(SkippedLicence("f" * 36, "ConflictingServicePlans"),),
    )
    shown = present.result(TENANT, failed, WORDS)

    assert shown.status == "failed"
    assert shown.error is not None
    assert (shown.error.code, shown.error.message) == (failed.code, advice("MissingUsageLocation"))
    assert shown.error.detail == "License assignment cannot be done"
    assert shown.skipped_licenses[0].sku == "f" * 36


def test_a_user_without_an_outcome_is_pending_or_cancelled() -> None:
    """While the tenant works the user waits; once it ended the user reads as Cancelled."""
    assert present.without_outcome(TENANT, "u1", "ana@contoso.com", ended=False).status == "pending"
    cancelled = present.without_outcome(TENANT, "u1", "ana@contoso.com", ended=True)
    assert cancelled.status == "skipped"
    assert cancelled.error is not None
    assert cancelled.error.code == ResultCode.CANCELLED


def test_an_audit_entry_keeps_the_names_of_its_time() -> None:
    """The entry's own names win over any catalogue, and before and after say what was inherited."""
    before = LicenceState((Assignment("s1", frozenset({"p1"}), group_id="g"),), "DE")
    entry = AuditEntry(
        tenant_id=TENANT,
        at=NOW,
        actor=Actor("key", "key"),
        operation_id="op",
        user_id="u",
        user_principal_name="ana@contoso.com",
        before=before,
        after=LicenceState((*before.assignments, Assignment("s2")), "DE"),
        seat_change={"NEW": 1},
        part_numbers={"s1": "OLD", "s2": "NEW"},
        plan_names={"p1": "PLAN"},
    )
    shown = present.audit_entry(entry).model_dump(mode="json", by_alias=True)

    held = {"sku": "OLD", "skuId": "s1", "disabledPlans": ["PLAN"], "inherited": True}
    assert shown["before"] == {"licenses": [held], "usageLocation": "DE"}
    assert [each["sku"] for each in shown["after"]["licenses"]] == ["OLD", "NEW"]


def test_available_seats_never_count_suspended_ones() -> None:
    """Available = enabled + warning - consumed; one free seat is shown as one (Trap 40)."""
    sku = Sku(E5, "SPE_E5", enabled=10, warning=2, suspended=5, consumed=11)
    shown = present.licence(sku, catalogue(), PriceBook("EUR", {}))

    assert (shown.name, shown.total, shown.assigned, shown.available) == ("Microsoft 365 E5", 10, 11, 1)


def test_a_price_is_shown_with_its_currency_or_not_at_all() -> None:
    """Trap 15: without a price there is neither; what is free costs 0."""
    sku = Sku(E5, "SPE_E5")
    books = [PriceBook("EUR", monthly) for monthly in ({"SPE_E5": Decimal("57.50")}, {"SPE_E5": Decimal()}, {})]
    shown = [present.licence(sku, catalogue(), book) for book in books]

    assert [(each.price, each.currency) for each in shown] == [(57.5, "EUR"), (0.0, "EUR"), (None, None)]
