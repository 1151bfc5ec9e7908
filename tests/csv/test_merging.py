"""Rows brought together: each user once, contradictions by line, and tenants as the request means them."""

from collections.abc import Mapping

import pytest

from shared.csv.merging import MAX_COPIES, MAX_FAULTS, Merger, Place, Sheet, names_in
from shared.csv.rows import Column, Row
from shared.domain.selection import NamedUser, RowLicence, Wish
from shared.errors import Problem

A, B = "tenant-a", "tenant-b"
TENANTS: Mapping[str, tuple[str, str | None]] = {"a.com": (A, None), "b.com": (B, None), "c.com": ("", "no c.com")}
ALL = frozenset(Column)
E5, BI = RowLicence("E5"), RowLicence("BI")
FILE = "UserPrincipalName,LicenseSKU,DisabledPlans\nana@a.com,E5,x\n"


def sheet(text: str, tenants: tuple[str, ...] = (A,), *, excludes: bool = False) -> Sheet:
    """A CSV with short names for the columns."""
    header, _, rows = text.partition("\n")
    for short, column in (("user", "UserPrincipalName"), ("sku", "LicenseSKU"), ("plans", "DisabledPlans")):
        header = header.replace(short, column)
    return Sheet("/csv", f"{header}\n{rows}", ALL, tenants, excludes)


def licence_of(row: Row) -> RowLicence | str | None:
    """SKUs are what they are called, and ``OLD`` is none."""
    if row.sku is None:
        return None
    return (
        "OLD is no SKU"
        if row.sku == "OLD"
        else RowLicence(row.sku, None if row.plans is None else frozenset(row.plans))
    )


def merged(
    *sheets: Sheet, requested: Mapping[str, RowLicence | None] | None = None
) -> tuple[dict[Place, list[NamedUser]], list[Problem]]:
    """What comes of the sheets."""
    merger = Merger(TENANTS, licence_of, requested or {})
    return merger.merge(sheets), merger.problems


def users_of(text: str, **request: RowLicence | None) -> dict[str, Wish]:
    """The wishes by user of one sheet without a fault."""
    users, problems = merged(sheet(text), requested=request)
    assert problems == []
    return {user.reference: user.wish for user in users[0, A]}


def faults_of(text: str, **request: RowLicence | None) -> list[tuple[int | None, str]]:
    """The faults of one sheet."""
    return [(problem.line, problem.detail) for problem in merged(sheet(text), requested=request)[1]]


def test_a_user_stands_once_however_often_a_file_names_it() -> None:
    """Trap 6: the same row twice, in capitals too, is one user; the rows are counted."""
    users, problems = merged(sheet("user,sku\nana@a.com,E5\nben@a.com,E5\nANA@a.com,E5\n"))

    assert problems == []
    assert users == {
        (0, A): [
            NamedUser("ana@a.com", Wish((E5,), with_request=False), rows=2),
            NamedUser("ben@a.com", Wish((E5,), with_request=False)),
        ]
    }


def test_a_row_for_each_sku_is_how_people_write_two_licences() -> None:
    """They go into one change of that user."""
    assert users_of("user,sku\nana@a.com,E5\nana@a.com,BI\n") == {"ana@a.com": Wish((E5, BI), with_request=False)}


def test_a_row_without_a_sku_takes_the_requests() -> None:
    """Beside a row with a SKU it asks for both; a SKU that both name stands once."""
    rows = "user,sku\nana@a.com,\nben@a.com,\nben@a.com,BI\ncle@a.com,E5\ncle@a.com,\n"

    assert users_of(rows, E5=E5) == {
        "ana@a.com": Wish(),
        "ben@a.com": Wish((BI,), with_request=True),
        "cle@a.com": Wish((), with_request=True),
    }


@pytest.mark.parametrize(
    ("rows", "request_plans"),
    [
        pytest.param("ana@a.com,E5,TEAMS1\nANA@a.com,E5,SWAY\n", None, id="other service plans"),
        pytest.param("ana@a.com,E5,TEAMS1\nana@a.com,E5,\n", None, id="none beside some"),
        pytest.param("ana@a.com,,\nana@a.com,E5,SWAY\n", ("TEAMS1",), id="the request and a row"),
        pytest.param("ana@a.com,E5,SWAY\nana@a.com,,\n", ("TEAMS1",), id="a row and the request"),
    ],
)
def test_rows_that_contradict_each_other_are_refused_by_line(rows: str, request_plans: tuple[str, ...] | None) -> None:
    """Which of the two is meant is not guessed; both lines are named."""
    ((line, detail),) = faults_of(f"user,sku,plans\n{rows}", E5=RowLicence("E5", frozenset(request_plans or ())))

    assert line == 3
    assert "stands in line 2 with the same SKU and other service plans" in detail


def test_enabled_service_plans_of_the_request_are_like_no_row() -> None:
    """A row can only say what is off."""
    assert [line for line, _ in faults_of("user,sku\nana@a.com,\nana@a.com,E5\n", E5=None)] == [3]


def test_every_bad_line_is_told_and_the_good_ones_between_are_read() -> None:
    """Three mistakes are mended in one go."""
    told = faults_of("user,sku\nana@a.com,OLD\nben@a.com,E5\nnobody,E5\ncle@a.com,OLD\n")

    assert [line for line, _ in told] == [2, 4, 5]
    assert told[0][1] == told[2][1] == "OLD is no SKU"


def test_a_file_with_one_mistake_many_times_is_told_so_often_only() -> None:
    """A hundred faults are enough to see what it is."""
    assert len(faults_of("user,sku\n" + "ana@a.com,OLD\n" * 1000)) == MAX_FAULTS


@pytest.mark.parametrize("text", ["user,sku\n", "user,sku", "user\n\n,\n \n"])
def test_a_file_without_rows_is_a_mistake(text: str) -> None:
    """Nobody sends a header to have nothing done."""
    assert faults_of(text) == [(1, "There is no row below the header")]


def test_one_file_for_many_tenants() -> None:
    """With a column Tenant and without targets the rows say whose they are, in the order of the file."""
    users, problems = merged(sheet("Tenant,user\nb.com,ben@b.com\na.com,ana@a.com\nb.com,bob@b.com\n", ()))

    assert problems == []
    assert {place: [user.reference for user in named] for place, named in users.items()} == {
        (0, B): ["ben@b.com", "bob@b.com"],
        (0, A): ["ana@a.com"],
    }


def test_one_file_under_several_targets_counts_for_each_its_own_rows() -> None:
    """A row counts only for the target of its tenant."""
    text = "Tenant,user\na.com,ana@a.com\nb.com,ben@b.com\n"
    users, problems = merged(sheet(text, (A,)), sheet(text, (B,)))

    assert problems == []
    assert {place: [user.reference for user in named] for place, named in users.items()} == {
        (0, A): ["ana@a.com"],
        (1, B): ["ben@b.com"],
    }


def test_one_file_of_a_target_that_means_many_tenants() -> None:
    """With a column Tenant a row counts for that one, without it for all of them; too many of those are refused."""
    split, none = merged(sheet("Tenant,user\na.com,ana@a.com\n", (A, B)))
    shared, neither = merged(sheet("user\neve@x.com\n", (A, B)))

    assert none == neither == []
    assert {place: [user.reference for user in named] for place, named in split.items()} == {
        (0, A): ["ana@a.com"],
        (0, B): [],
    }
    assert [[user.reference for user in named] for named in shared.values()] == [["eve@x.com"]] * 2
    many = tuple(f"tenant-{n}" for n in range(MAX_COPIES // 2))
    _, (problem,) = merged(sheet("user\neve@x.com\nbob@x.com\n", many))
    assert problem.line == 3
    assert "need a column Tenant" in problem.detail


@pytest.mark.parametrize(
    ("text", "tenants", "line", "says"),
    [
        pytest.param("Tenant,user\nb.com,ben@b.com\n", (A,), 2, "does not stand with it", id="of another target"),
        pytest.param("Tenant,user\nc.com,cle@c.com\n", (A,), 2, "no c.com", id="of no tenant"),
        pytest.param("Tenant,user\nd.com,dan@d.com\n", (), 2, "more than 1000 tenants", id="never looked up"),
    ],
)
def test_a_row_that_belongs_to_no_target_is_refused(text: str, tenants: tuple[str, ...], line: int, says: str) -> None:
    """No row is lost without a word."""
    _, (problem,) = merged(sheet(text, tenants))

    assert problem.line == line
    assert says in problem.detail


def test_two_files_of_one_tenant_are_one_selection() -> None:
    """A user of both stands with the first and gets what both ask for; contradictions hold over files as well."""
    users, problems = merged(sheet("user,sku\nana@a.com,E5\n"), sheet("user,sku\nana@a.com,BI\nben@a.com,BI\n"))
    _, clash = merged(sheet("user,sku\nana@a.com,E5\n"), sheet("user,sku,plans\nana@a.com,E5,SWAY\n"))

    assert problems == []
    assert [user.reference for user in users[0, A]] == ["ana@a.com"]
    assert users[0, A][0].wish.licences == (E5, BI)
    assert [user.reference for user in users[1, A]] == ["ben@a.com"]
    assert [problem.line for problem in clash] == [2]


def test_who_is_excluded_is_no_user_of_the_selection() -> None:
    """The rows of an exclusion stand by themselves."""
    users, problems = merged(sheet("user\nana@a.com\n"), sheet("user\nana@a.com\nANA@a.com\n", excludes=True))

    assert problems == []
    assert [user.reference for user in users[0, A]] == [user.reference for user in users[1, A]] == ["ana@a.com"]


def test_what_must_be_looked_up_is_known_from_a_first_reading() -> None:
    """Tenants, and SKUs with all service plans named beside them; faults are left to the second reading."""
    names = names_in(
        [sheet("Tenant,user,sku,plans\na.com,ana@a.com,E5,X;Y\na.com,nobody,E5,Z\nb.com,ben@b.com,E5,Z\n"), sheet("")]
    )

    assert list(names.tenants) == ["a.com", "b.com"]
    assert names.skus == {"E5": {"X", "Y", "Z"}}


def test_a_contradiction_between_two_files_names_the_other_file() -> None:
    """The line alone would lead to another row of the file that is complained about."""
    users, rows = Sheet("/targets/0/users/csv", FILE, ALL, (A,)), "UserPrincipalName,LicenseSKU,DisabledPlans\n"
    other = Sheet("/targets/1/users/csv", f"{rows}ben@a.com,E5,\nana@a.com,E5,y\n", ALL, (A,))
    _, (problem,) = merged(users, other)

    assert (problem.pointer, problem.line) == ("/targets/1/users/csv", 3)
    assert problem.detail.startswith("ana@a.com stands in line 2 of /targets/0/users/csv with the same SKU")


def test_a_file_that_says_nothing_of_tenants_is_told_once() -> None:
    """Not once a row: it is the header that has to change, or the request."""
    _, problems = merged(sheet("user\nana@a.com\nben@a.com\n", ()))

    assert [problem.line for problem in problems] == [1]
    assert "has no column Tenant" in problems[0].detail
