"""``make fire``: thirty seeds, some side by side (``SEEDS=n``: so many, ``SEED=n``: that one alone), and a table."""

import argparse
import asyncio
import sys
from time import monotonic

from tests.fire.one import Outcome, play
from tests.fire.table import table

SEEDS = 30


async def main(seeds: list[int], at_once: int) -> int:
    """Play the seeds, each on a stack of its own; gives the exit code."""
    began, gate = monotonic(), asyncio.Semaphore(at_once)

    async def one(seed: int) -> Outcome:
        async with gate:
            started = monotonic()
            outcome = await play(seed)
            print(f"seed {seed:>3}  {outcome.line}  {monotonic() - started:.0f} s", flush=True)
            if outcome.violations:
                print(outcome.again, flush=True)
            return outcome

    outcomes = await asyncio.gather(*(one(seed) for seed in seeds))
    print(f"\n{table(outcomes)}\n\nDone after {(monotonic() - began) / 60:.1f} min.")
    failed = [outcome for outcome in outcomes if outcome.violations]
    for outcome in failed:
        print(f"seed {outcome.seed} failed: make fire SEED={outcome.seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fire", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many, from 1 on")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--at-once", type=int, default=3, help="how many side by side")
    asked = parser.parse_args()
    chosen = [asked.seed] if asked.seed is not None else list(range(1, asked.seeds + 1))
    sys.exit(asyncio.run(main(chosen, asked.at_once)))
