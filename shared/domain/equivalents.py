"""Service plans that are one service in several sizes: who had one switched off keeps the other off after a move.

Judged by the product names in Microsoft's list of service plans; what the list does not show to be one service is
left out. https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
"""

from collections.abc import Mapping
from typing import Final

_FAMILIES: Final = (
    ("BPOS_S_TODO_1", "BPOS_S_TODO_2", "BPOS_S_TODO_3", "BPOS_S_TODO_FIRSTLINE"),
    ("CDS_O365_F1", "CDS_O365_P1", "CDS_O365_P2", "CDS_O365_P3"),
    ("DYN365_CDS_O365_F1", "DYN365_CDS_O365_P1", "DYN365_CDS_O365_P2", "DYN365_CDS_O365_P3"),
    ("EXCHANGE_ANALYTICS", "MYANALYTICS_P2"),
    ("EXCHANGE_S_DESKLESS", "EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_STANDARD"),
    ("FLOW_O365_P1", "FLOW_O365_P2", "FLOW_O365_P3", "FLOW_O365_S1"),
    ("FORMS_PLAN_E1", "FORMS_PLAN_E3", "FORMS_PLAN_E5", "FORMS_PLAN_K"),
    ("KAIZALA_O365_P1", "KAIZALA_O365_P2", "KAIZALA_O365_P3", "KAIZALA_STANDALONE"),
    ("OFFICESUBSCRIPTION", "OFFICE_BUSINESS"),
    ("POWERAPPS_O365_P1", "POWERAPPS_O365_P2", "POWERAPPS_O365_P3", "POWERAPPS_O365_S1"),
    (
        "POWER_VIRTUAL_AGENTS_O365_F1",
        "POWER_VIRTUAL_AGENTS_O365_P1",
        "POWER_VIRTUAL_AGENTS_O365_P2",
        "POWER_VIRTUAL_AGENTS_O365_P3",
    ),
    ("PROJECT_O365_F3", "PROJECT_O365_P1", "PROJECT_O365_P2", "PROJECT_O365_P3"),
    ("SHAREPOINTDESKLESS", "SHAREPOINTENTERPRISE", "SHAREPOINTSTANDARD"),
    ("STREAM_O365_E1", "STREAM_O365_E3", "STREAM_O365_E5", "STREAM_O365_K", "STREAM_O365_SMB"),
    ("WHITEBOARD_FIRSTLINE1", "WHITEBOARD_PLAN1", "WHITEBOARD_PLAN2", "WHITEBOARD_PLAN3"),
)

EQUIVALENTS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(family) - {name} for family in _FAMILIES for name in family
}
"""The other sizes of a service plan, by its name."""
