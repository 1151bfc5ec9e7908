"""What an operation left, as terminal tables."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table

from dev.api import Json


def outcome_table(operation: Json) -> Table:
    """How many users ended how."""
    progress = operation["progress"]
    table = Table(title="Outcome", title_justify="left")
    for name in ("selected", "succeeded", "skipped", "failed", "throttled requests"):
        table.add_column(name, justify="right")
    figures = (progress[name] for name in ("total", "succeeded", "skipped", "failed", "throttledRequests"))
    table.add_row(*map(str, figures))
    return table


def reasons_table(results: Iterable[Json]) -> Table:
    """Who was skipped or failed, and why."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], tuple[str, str]] = {}
    for result in results:
        if result["error"]:
            reason = (result["status"], result["error"]["code"])
            counts[reason] += 1
            examples.setdefault(reason, (result["userPrincipalName"], result["error"]["message"]))
    table = Table(title="Skipped and failed, with reasons", title_justify="left")
    for name in ("status", "code", "users", "for example", "what it means"):
        table.add_column(
            name, justify="right" if name == "users" else "left", no_wrap=name in ("status", "code", "users")
        )
    for (status, code), count in sorted(counts.items()):
        table.add_row(status, code, str(count), *examples[status, code])
    return table


def seats_table(skus: Sequence[str], before: Mapping[str, Json], after: Mapping[str, Json]) -> Table:
    """Assigned and available seats of each SKU."""
    table = Table(title="Seats", title_justify="left")
    for name in ("SKU", "product", "total", "before", "after", "change", "left"):
        table.add_column(name, justify="left" if name in ("SKU", "product") else "right", no_wrap=True)
    for sku in skus:
        was, now = before[sku], after[sku]
        change = now["assigned"] - was["assigned"]
        figures = (now["total"], was["assigned"], now["assigned"], f"{change:+d}", now["available"])
        table.add_row(sku, now["name"], *map(str, figures))
    return table


def audit_table(entries: Sequence[Json], shown: int) -> Table:
    """The first entries of the audit; each carries the hash of the one before."""
    table = Table(title=f"Audit: {shown} of {len(entries)} entries", title_justify="left")
    for name in ("#", "user", "seats", "actor", "Graph request", "hash"):
        table.add_column(name)
    for entry in sorted(entries, key=lambda entry: entry["sequence"])[:shown]:
        seats = ", ".join(f"{sku} {change:+d}" for sku, change in entry["seatChange"].items())
        table.add_row(
            str(entry["sequence"]),
            entry["userPrincipalName"],
            seats,
            entry["actor"]["name"],
            (entry["requestId"] or "")[:8],
            entry["hash"][:12],
        )
    return table


def faults_table(faults: Iterable[Json]) -> Table:
    """What is wrong with a CSV, line by line."""
    table = Table(title="Refused, line by line", title_justify="left")
    table.add_column("line", justify="right")
    table.add_column("what is wrong")
    for fault in faults:
        table.add_row(str(fault["line"]), fault["detail"])
    return table


def users_table(results: Iterable[Json]) -> Table:
    """What each user got, or why not."""
    table = Table(title="Users", title_justify="left")
    for name in ("user", "status", "added", "disabled service plans", "why not"):
        table.add_column(name, no_wrap=name in ("user", "status"))
    for result in results:
        off = (f"{sku}: {', '.join(plans)}" for sku, plans in result["disabledPlans"].items())
        error = result["error"] or {"message": ""}
        table.add_row(
            result["userPrincipalName"].partition("@")[0],
            result["status"],
            ", ".join(result["added"]),
            "\n".join(off),
            error["message"],
        )
    return table


def impact_table(impact: Json) -> Table:
    """What would become of users, seats and money."""
    table = Table(title="Impact", title_justify="left")
    for name in ("metric", "current", "after", "change"):
        table.add_column(name, justify="left" if name == "metric" else "right", no_wrap=True)
    table.add_row("users affected", "", str(impact["usersAffected"]), "")
    table.add_row("users unchanged", "", str(impact["usersUnchanged"]), "")
    for skipped in impact["usersSkipped"]:
        table.add_row(f"users skipped: {skipped['code']}", "", str(skipped["count"]), "")
    for excluded in impact["excluded"]:
        table.add_row(f"not selected: {excluded['code']}", "", str(excluded["count"]), "")
    for seats in impact["licenses"]:
        total = seats["total"]
        table.add_row(
            f"{seats['sku']} seats", f"{seats['before']}/{total}", f"{seats['after']}/{total}", f"{seats['change']:+d}"
        )
    for cost in impact["cost"]:
        if cost["change"] is None:
            table.add_row("monthly cost", "no price of", ", ".join(cost["unpriced"][:3]), "")
        else:
            money = (_money(cost["monthlyBefore"], cost), _money(cost["monthlyAfter"], cost))
            table.add_row("monthly cost", *money, f"{cost['change']:+,.2f}")
    for conflict in impact["conflicts"][:3]:
        plans = " and ".join(conflict["plans"])
        table.add_row(f"conflict: {plans}", "", conflict["userPrincipalName"].partition("@")[0], conflict["resolution"])
    for warning in impact["warnings"]:
        table.add_row(f"warning: {warning['code']}", "", str(warning["count"]), "")
    return table


def _money(amount: float, cost: Json) -> str:
    return f"{amount:,.2f} {cost['currency']}"
