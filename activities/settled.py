"""Outcomes of users whom the plan itself settles: unchanged and skipped ones."""

from collections import Counter
from collections.abc import Sequence

from shared.contracts.work import TenantRun
from shared.domain.model import Decision
from shared.domain.operation import Summary
from shared.domain.outcomes import settled
from shared.services import Services

OUTCOMES_A_TRANSACTION = 99
TRANSACTIONS_A_CHUNK = 6
"""Room for 500 users at 99 outcomes and a summary a transaction."""


async def record_settled(app: Services, run: TenantRun, series: int, decisions: Sequence[Decision]) -> None:
    """Write the outcomes of the decisions that are no change; repeating it writes the same rows again.

    ``series`` tells the calls of one tenant apart: it numbers the summaries (``s{n}``).
    """
    planned = [decision for decision in decisions if decision.status != "change"]
    now = app.tables.now()
    for at in range(0, len(planned), OUTCOMES_A_TRANSACTION):
        some = planned[at : at + OUTCOMES_A_TRANSACTION]
        name = f"s{series * TRANSACTIONS_A_CHUNK + at // OUTCOMES_A_TRANSACTION}"
        outcomes = [
            settled(decision, decision.code or "", now, message=decision.message, mark=name) for decision in some
        ]
        counts = Counter(outcome.code or "" for outcome in outcomes)
        summary = Summary(batch=name, by_code=dict(counts), first_index=some[0].index, last_index=some[-1].index)
        await app.results.record(run.operation, run.tenant, outcomes, summary)
