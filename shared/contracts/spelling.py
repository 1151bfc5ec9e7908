"""Texts of a certain form: OpenAPI gets the pattern, whoever spells one otherwise gets words."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared.domain.country import is_alpha2
from shared.domain.nearest import shortened


@dataclass(frozen=True, slots=True)
class Spelled:
    """A text that matches ``pattern``; ``words`` say what is expected."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The text's own schema, and the look at its form."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """As the text's own, with the pattern."""
        return {**handler(schema), "pattern": self.pattern}

    def _checked(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise PydanticCustomError(
                "spelling", "{words}, not '{text}'", {"words": self.words, "text": shortened(text)}
            )
        return text


def _in_use(code: str) -> str:
    if len(code) == 2 and not is_alpha2(code):
        raise PydanticCustomError("country", "{code} is no country code of ISO 3166", {"code": code})
    return code


ResourceId = Annotated[
    str,
    Spelled("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "An id as this API gave it out, a GUID in small letters"),
]
TimeOfDay = Annotated[str, Spelled("^([01][0-9]|2[0-3]):[0-5][0-9]$", "A time of day as 22:00")]
"""Hours and minutes on the wall."""
Currency = Annotated[str, Spelled("^[A-Z]{3}$", "A currency code of three capitals (ISO 4217), as USD")]
Country = Annotated[
    str, Spelled("^[A-Z]{2}$", "A country code of two capitals (ISO 3166), as US"), AfterValidator(_in_use)
]
Place = Annotated[
    str,
    Spelled(
        "^([A-Z]{2}|fromUserCountry|tenantDefault)$",
        "A country code of two capitals (ISO 3166), as US, or fromUserCountry or tenantDefault",
    ),
    AfterValidator(_in_use),
]
"""Where a usage location comes from."""
