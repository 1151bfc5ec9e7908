"""Two CSVs as people send them: one with three slips, one whose rows carry SKUs and disabled service plans."""

from pathlib import Path

from rich.console import Console

from dev.api import Api
from dev.demo.following import follow
from dev.demo.tables import faults_table, users_table

FILES = Path(__file__).with_name("files")
SLIPS, RIGHT = FILES / "slips.csv", FILES / "projects.csv"


async def assign_by_csv(console: Console, api: Api, tenant: str) -> bool:
    """Send both; gives whether the first was refused by line and the second ended as it should."""
    console.print(f"\nSending {SLIPS.name}, which has three slips:")
    status, problem = await api.assign_csv(SLIPS.read_bytes(), tenant)
    console.print(f"{status} {problem['title']}: {problem['detail']}")
    refused = problem.get("errors", [])
    console.print(faults_table(refused))

    console.print(f"\nSending {RIGHT.name}, whose rows carry their own SKUs and disabled service plans.")
    status, operation = await api.assign_csv(RIGHT.read_bytes(), tenant)
    if status != 202:
        console.print(f"[red]{status} {operation}[/red]")
        return False
    operation = await follow(console, api, operation)
    console.print(users_table(await api.all(f"/operations/{operation['id']}/results")))
    progress = operation["progress"]
    console.print(f"Operation {operation['id']}: {operation['status']}, {progress['rowsRead']} rows read.")
    return len(refused) == 3 and (progress["succeeded"], progress["failed"]) == (4, 1)
