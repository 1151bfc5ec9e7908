"""What pages tell to do, as it is written there, and how it is tried on the local stack."""

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dev.api import BASE
from dev.stack import Stack
from tests.docs.pages import ROOT, named

NEEDS_AZURE = "needs-azure"
"""Behind a block's language (```sh needs-azure): it needs Azure or a tenant, and is not run here."""
PATIENCE_S = 120
TENANT = "contoso.onmicrosoft.com"
# An answer that refuses ends curl, and each request is a line on the error stream, whatever the options on the page.
_CURLRC = 'fail-with-body\nwrite-out = "%{stderr}\\nasked %{method} %{url_effective}\\n"\n'
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


@dataclass(frozen=True)
class Local:
    """A running stack with its tenants registered, an operation of it, and a folder for what it is tried with."""

    stack: Stack
    operation: str
    folder: Path

    async def run(self, text: str, *command: str) -> str:
        """Run a program of a page from the project's folder, with this stack in place of the one of `make up`.

        ``<id>`` and ``<tenant>`` are this stack's; ``$API`` and ``$KEY`` are set, as pages take them for granted.
        Returns what it wrote on the error stream; fails with all it wrote when its exit code is not 0.
        """
        key = self.folder / "api-key"
        key.write_text(self.stack.api_key)
        (self.folder / ".curlrc").write_text(_CURLRC)
        script = self.folder / "program"
        here = {
            "http://127.0.0.1:7071": self.stack.api_url,
            "http://127.0.0.1:7074": self.stack.issuer_url,
            ".localhost/api-key": str(key),
            "<id>": self.operation,
            "<tenant>": TENANT,
        }
        for there, value in here.items():
            text = text.replace(there, value)
        script.write_text(text)
        process = await asyncio.create_subprocess_exec(
            *(*command, str(script)),
            cwd=ROOT,
            env={
                **os.environ,
                "CURL_HOME": str(self.folder),
                "API": self.stack.api_url + BASE,
                "KEY": self.stack.api_key,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, (out[-2000:] + errors[-3000:]).decode()
        return errors.decode()
