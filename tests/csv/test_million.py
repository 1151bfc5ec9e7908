"""A million rows from a file, in a process of its own: what they take of memory."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEMORY = 200 * 1024 * 1024
"""Of the 400 MB that the app may take, so that other work has room beside it."""
READ = """
import sys, tempfile
from itertools import batched
from shared.blobs.rows import ROWS
from shared.csv.gathering import Gathering
from shared.csv.merging import Merger, Sheet, names_in
from shared.csv.rows import Column
from shared.csv.sources import FileSource
from shared.domain.selection import RowLicence

rows = int(sys.argv[1])
with tempfile.TemporaryFile() as file, Gathering() as users:
    file.write(b"UserPrincipalName,LicenseSKU\\r\\n")
    for n in range(rows):
        file.write(b"%036d-%07d@contoso.onmicrosoft.com,SPE_E%d\\r\\n" % (n, n * 7919 % rows, n % 7))
    sheet = Sheet("/csv", FileSource(file), frozenset({Column.USER, Column.SKU}), ("tenant",))
    names_in([sheet])
    merger = Merger(users, {}, lambda row: RowLicence(row.sku or ""), {})
    merger.merge([sheet])
    named = sum(len(ROWS.unpack(ROWS.pack(chunk))) for chunk in batched(users.users((0, "tenant")), 1000))
# Not ru_maxrss: that goes on from the peak of the process that started this one.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(named, merger.faults, int(peak) * 1024)
"""


@pytest.mark.parametrize("rows", [20_000, pytest.param(1_000_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_a_file_of_any_size_takes_little_memory(rows: int) -> None:
    """Trap 43: with another user in each row, which is the most that can be to remember."""
    run = subprocess.run([sys.executable, "-c", READ, str(rows)], check=True, cwd=ROOT, capture_output=True, text=True)
    named, faults, memory = map(int, run.stdout.split())

    print(f"{rows:,} rows: peak {memory / 1024 / 1024:.0f} MB")  # noqa: T201 - a figure to look at
    assert (named, faults) == (rows, 0)
    assert memory <= MEMORY
