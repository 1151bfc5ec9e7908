"""The sweeper: brings back every tenant that nobody has looked after in time, and tidies up."""

import logging
from dataclasses import replace
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

from shared.contracts.names import RUN_OPERATION, operation_instance
from shared.contracts.work import OperationRun
from shared.domain.caller import SYSTEM
from shared.domain.operation import Operation
from shared.errors import NotFound, RowConflict, StateConflict
from shared.services import Services, services
from triggers.start import start_operation

bp = df.Blueprint()
log = logging.getLogger(__name__)
