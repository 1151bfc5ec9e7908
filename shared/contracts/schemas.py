"""What JSON Schema says of a model besides its fields: rules that its validators check, for the document."""

from pydantic.config import JsonDict


def exactly_one(*choices: str | tuple[str, ...]) -> JsonDict:
    """Exactly one of the choices is given; of one that has several fields any."""
    return {"oneOf": [_given(choice) if isinstance(choice, str) else _any(choice) for choice in choices]}


def not_both(first: str, second: str) -> JsonDict:
    """The two do not stand side by side."""
    return {"not": {"allOf": [_given(first), _given(second)]}}


def not_blank() -> JsonDict:
    """The text has more than white space."""
    return {"not": {"pattern": r"^\s*$"}}


def _any(fields: tuple[str, ...]) -> JsonDict:
    return {"anyOf": [_given(field) for field in fields]}


def _given(field: str) -> JsonDict:
    """The field stands there, and not as null, which counts as absent."""
    return {"required": [field], "properties": {field: {"not": {"type": "null"}}}}
