"""How much of what Graph allows is used: one tenant against its own limit, many against the app's."""

from time import monotonic, time

from dev.bench.row import Row
from dev.bench.scale import Scale, drain
from dev.stack import Stack
from dev.trial import Tenant, Trial

SCALE = Scale(6)
APP_SCALE = Scale(1.5)


async def one_tenant(users: int = 20_000) -> Row:
    """One large operation in one tenant, its burst used up before: what is written of what the bucket allows."""
    async with Stack(SCALE.environment) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(users)
        await drain(trial, [tenant])
        began = time()
        operation = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=1_200, every=1)
        await trial.assert_exact(operation, tenant)
        seconds = await _last_write(trial, tenant) - began
        stats = (await trial.sim.get("/stats")).json()[tenant.id]
    used = users / (SCALE.tenant_rate * seconds)
    share = stats["throttled"] / stats["requests"]
    figures = {"users": users, "seconds": seconds, "of the allowed": used, "throttled %": 100 * share}
    goal = "≥ 0.97 of the allowed, < 0.5% throttled"
    return Row(
        f"{users:,} users, one tenant, at its write limit (x{SCALE.factor:g})",
        figures,
        goal,
        used >= 0.97 and share < 0.005,
    )


async def many_tenants(tenants: int = 20, users: int = 6_000) -> Row:
    """Many tenants at once against the limit of the app, its burst used up before: time taken ÷ the least possible."""
    async with Stack(APP_SCALE.environment) as stack, Trial(stack) as trial:
        loaded = [await trial.tenant(users) for _ in range(tenants)]
        await drain(trial, [], app=True)
        started = monotonic()
        begun = [await trial.assign(tenant) for tenant in loaded]
        operations = [await trial.api.until_ended(each["id"], seconds=3_600, every=5) for each in begun]
        seconds = monotonic() - started
        for operation, tenant in zip(operations, loaded, strict=True):
            await trial.assert_exact(operation, tenant)
        ends = sorted([await _last_write(trial, tenant) for tenant in loaded])
        stats = (await trial.sim.get("/stats")).json()
    throttled = sum(stats[tenant.id]["throttled"] for tenant in loaded)
    ideal = tenants * users / APP_SCALE.app_rate
    figures = {
        "tenants": tenants,
        "seconds": seconds,
        "÷ least possible": seconds / ideal,
        "first to last end s": ends[-1] - ends[0],
        "throttled": throttled,
    }
    name = f"{tenants} tenants of {users:,} users at the app's write limit (x{APP_SCALE.factor:g})"
    return Row(name, figures, "≤ 1.15 of the least possible", seconds / ideal <= 1.15)


async def _last_write(trial: Trial, tenant: Tenant) -> float:
    """When the last write to a tenant ended (epoch seconds)."""
    return max(line["end"] for lines in (await trial.writes(tenant)).values() for line in lines)
