"""What pages tell to do, as it is written there: their fenced blocks, and the local stack to try them on."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from dev.stack import Stack, loaded_tenants, register_tenants
from tests.docs.pages import ROOT, named

NEEDS_AZURE = "needs-azure"
"""Behind a block's language: what is in it needs Azure, or a tenant, and is not run here."""
SHELL = ("sh", "bash")
_BLOCK = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its page, language, further words beside the language, and text."""

    page: str
    language: str
    words: tuple[str, ...]
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page that have a language, in order."""
    found = _BLOCK.findall(page.read_text())
    return [Block(named(page), language, tuple(words.split()), text) for _, language, words, text in found]


class Local(NamedTuple):
    """A running stack with its tenants registered, and a file with its key."""

    stack: Stack
    key: Path

    def here(self, text: str) -> str:
        """A page's text with this stack's address and key in place of those of `make up`."""
        return text.replace("http://127.0.0.1:7071", self.stack.api_url).replace(".localhost/api-key", str(self.key))


@asynccontextmanager
async def local_stack(folder: Path, env: Mapping[str, str]) -> AsyncGenerator[Local]:
    """What `make up` starts, on free ports and in memory."""
    async with Stack(env, world="demo", issuer=True) as stack:
        await register_tenants(stack.api_url, stack.api_key, await loaded_tenants(stack.simulator_url))
        key = folder / "api-key"
        key.write_text(stack.api_key)
        yield Local(stack, key)


__all__ = ["NEEDS_AZURE", "ROOT", "SHELL", "Block", "Local", "blocks", "local_stack"]
