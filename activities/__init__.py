"""One Graph, table or blob job each, safe to run twice: a body that takes its services, and a binding."""

import azure.durable_functions as df

from activities.apply_batch import bp as apply_batch
from activities.begin_operation import bp as begin_operation
from activities.begin_tenant import bp as begin_tenant
from activities.check_guards import bp as check_guards
from activities.end_tenant import bp as end_tenant
from activities.hand_on import bp as hand_on
from activities.plan_users import bp as plan_users
from activities.record_audit import bp as record_audit
from activities.reserve_seats import bp as reserve_seats
from activities.resolve_users import bp as resolve_users
from activities.rest_tenant import bp as rest_tenant
from activities.rest_until import bp as rest_until
from activities.take_turn import bp as take_turn

BLUEPRINTS: tuple[df.Blueprint, ...] = (
    begin_operation,
    begin_tenant,
    resolve_users,
    plan_users,
    reserve_seats,
    check_guards,
    take_turn,
    apply_batch,
    hand_on,
    record_audit,
    rest_until,
    rest_tenant,
    end_tenant,
)
