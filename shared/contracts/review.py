"""What a plan does and what licences cost, as the HTTP contract shows it: pure."""

from collections.abc import Iterable, Mapping
from itertools import chain

from shared.catalogue import Catalogue
from shared.contracts import responses as body
from shared.domain.impact import MESSAGES, Found, Impact, SkuImpact, Tally
from shared.domain.model import Sku
from shared.domain.prices import Cost, PriceBook, total_cost


def impact(impacts: Iterable[Impact], catalogue: Catalogue) -> body.ImpactBody:
    """What a plan does to all its tenants: counts over all of them, each tenant's seats, money and conflicts."""
    impacts = tuple(impacts)
    total = total_cost(each.cost for each in impacts)
    return body.ImpactBody(
        users_selected=sum(each.users_selected for each in impacts),
        users_affected=sum(each.users_affected for each in impacts),
        users_unchanged=sum(each.users_unchanged for each in impacts),
        users_skipped=[_code_count(each) for each in _merged(each.users_skipped for each in impacts)],
        excluded=[_code_count(each) for each in _merged(each.excluded for each in impacts)],
        licenses=[_licence(each.tenant_id, sku, catalogue) for each in impacts for sku in each.licences],
        cost=[_cost(each.tenant_id, each.cost) for each in impacts if each.cost is not None],
        total_cost=total
        and body.TotalCostBody(
            currency=total.currency,
            monthly_before=float(total.monthly_before),
            monthly_after=float(total.monthly_after),
            change=float(total.change),
        ),
        conflicts=[
            body.ConflictBody(
                tenant_id=each.tenant_id,
                user_principal_name=found.user_principal_name,
                plans=list(found.conflict.plans),
                resolution=found.conflict.resolution,
            )
            for each in impacts
            for found in each.conflicts
        ],
        conflicts_total=sum(each.conflicts_total for each in impacts),
        warnings=[
            body.WarningBody(code=each.code, count=each.count, message=MESSAGES[each.code], sample=list(each.sample))
            for each in _merged(each.warnings for each in impacts)
        ],
    )


def prices(default: PriceBook, tenants: Mapping[str, PriceBook]) -> body.PricesResource:
    """The default price book, and those of tenants by tenant id."""
    by_tenant = {tenant: _book(book) for tenant, book in sorted(tenants.items())}
    return body.PricesResource(default=_book(default), tenants=by_tenant)


def _merged(found: Iterable[tuple[Found, ...]]) -> tuple[Found, ...]:
    """The counts of several tenants by code, most frequent first."""
    tally = Tally()
    for each in chain.from_iterable(found):
        tally.note(each.code, each.count, each.sample)
    return tally.found()


def _code_count(found: Found) -> body.CodeCount:
    return body.CodeCount(code=found.code, count=found.count, sample=list(found.sample))


def _licence(tenant_id: str, sku: SkuImpact, catalogue: Catalogue) -> body.LicenceImpact:
    return body.LicenceImpact(
        tenant_id=tenant_id,
        sku=sku.sku,
        sku_id=sku.sku_id,
        name=catalogue.name_of(Sku(sku.sku_id, sku.sku)),
        total=sku.total,
        before=sku.before,
        after=sku.after,
        change=sku.change,
        available_after=sku.available_after,
        shortfall=sku.shortfall,
    )


def _cost(tenant_id: str, cost: Cost) -> body.CostBody:
    before, after, change = (
        None if amount is None else float(amount) for amount in (cost.monthly_before, cost.monthly_after, cost.change)
    )
    return body.CostBody(
        tenant_id=tenant_id,
        currency=cost.currency,
        monthly_before=before,
        monthly_after=after,
        change=change,
        unpriced=list(cost.unpriced),
        unused_paid_seats=[
            body.UnusedSeatsBody(sku=each.sku, seats=each.seats, monthly=float(each.monthly))
            for each in cost.unused_paid_seats
        ],
    )


def _book(book: PriceBook) -> body.PriceBookBody:
    monthly = {sku: float(price) for sku, price in sorted(book.monthly.items())}
    return body.PriceBookBody(currency=book.currency, monthly=monthly, as_of=book.as_of)
