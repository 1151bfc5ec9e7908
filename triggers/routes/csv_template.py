"""``GET /csv-template``: a CSV to begin with."""

import azure.functions as func

from shared.contracts.routes import BASE, Answer, Parameter, Route
from shared.csv.template import COLUMNS_OF, template
from shared.domain.caller import Role
from shared.errors import RequestRejected
from shared.services import Services
from triggers.web.http import Call
from triggers.web.router import Router

router = Router()


@router.add(
    Route(
        name="csv_template",
        method="GET",
        path=f"{BASE}/csv-template",
        summary="A CSV with the columns of an operation and two example rows.",
        role=Role.READ,
        parameters=(
            Parameter("operation", "Whose columns.", {"type": "string", "enum": list(COLUMNS_OF)}, required=True),
        ),
        answers=(Answer(200, "The CSV, as a file.", types=("text/csv",)),),
    )
)
async def csv_template(call: Call, app: Services) -> func.HttpResponse:
    """The template as a file named after its operation."""
    operation = call.query.one_of("operation", COLUMNS_OF)
    if operation is None:
        raise RequestRejected(400, f"The query parameter operation is missing; it is one of {', '.join(COLUMNS_OF)}.")
    headers = {"Content-Disposition": f'attachment; filename="{operation}.csv"'}
    return func.HttpResponse(template(operation), headers=headers, mimetype="text/csv", charset="utf-8")
