"""A CSV to begin with for each operation, and the columns that each takes."""

import csv
import io
from collections.abc import Mapping

from shared.csv.rows import Column

_USER, _SKU, _PLANS, _FROM = Column.USER, Column.SKU, Column.PLANS, Column.FROM_SKU

_TEMPLATES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "assign": (
        (_USER, _SKU, _PLANS),
        ("ana@example.com", "SPE_E5", "YAMMER_ENTERPRISE;SWAY"),
        ("ben@example.com", "POWER_BI_PRO", ""),
    ),
    "remove": (
        (_USER, _SKU),
        ("ana@example.com", "SPE_E3"),
        ("ben@example.com", "*"),
    ),
    "modify": (
        (_USER, _SKU, _PLANS),
        ("ana@example.com", "SPE_E3", "YAMMER_ENTERPRISE;SWAY"),
        ("ben@example.com", "SPB", "TEAMS1"),
    ),
    "transfer": (
        (_USER, _FROM, _SKU),
        ("ana@example.com", "SPE_E3", "SPE_E5"),
        ("ben@example.com", "EMS;ENTERPRISEPACK", "SPE_E3"),
    ),
}

COLUMNS_OF: Mapping[str, frozenset[Column]] = {
    operation: frozenset(map(Column, header)) | {Column.TENANT} for operation, (header, *_) in _TEMPLATES.items()
}
"""The columns that an operation takes; with ``Tenant`` one file serves many tenants."""


def template(operation: str) -> str:
    """A header and two rows to copy, with lines that end as RFC 4180 has them.

    Raises ``ValueError`` for an operation that takes no CSV.
    """
    if operation not in _TEMPLATES:
        raise ValueError(f"There is no CSV for {operation!r}; there is one for {', '.join(_TEMPLATES)}.")
    out = io.StringIO()
    csv.writer(out).writerows(_TEMPLATES[operation])
    return out.getvalue()
