"""One process from its start to its first answer: ``python -m dev.bench.first_request`` prints the figures as JSON.

It is a process of its own, as a host starts one, with the settings in its environment.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from time import perf_counter

PATH = "automation/bulk-licenses/operations"


async def main() -> None:
    """Import the app, then ask it for the list of operations as the host would."""
    before = set(sys.modules)
    started = perf_counter()
    import function_app  # noqa: PLC0415 - this is what is measured

    imported = perf_counter()
    import azure.functions as func  # noqa: PLC0415 - there already

    functions = {each.get_function_name(): each.get_user_function() for each in function_app.app.get_functions()}
    request = func.HttpRequest(
        method="GET",
        url=f"http://127.0.0.1/api/{PATH}",
        headers={"x-api-key": os.environ["LOCALHOST_API_KEY"]},
        body=b"",
    )
    answer = await functions["list_operations"](request)
    answered = perf_counter()
    modules = set(sys.modules) - before
    roots = Counter(name.partition(".")[0] for name in modules)
    figures = {
        "status": answer.status_code,
        "import": imported - started,
        "request": answered - imported,
        "modules": len(modules),
        "models": sum(name.startswith("msgraph.generated.models") for name in modules),
        "most": roots.most_common(8),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main())
