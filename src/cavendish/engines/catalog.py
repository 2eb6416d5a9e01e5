"""The engines this build knows, behind one lazy door: nothing is imported until an engine is opened."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EngineRow:
    """One engine.

    Args:
        name: As in settings.
        target: `module:class`.
        summary: One line for people.
    """

    name: str
    target: str
    summary: str

    def load(self) -> type[Any]:
        """Import and return the engine's class."""
        module, _, name = self.target.partition(":")
        engine: type[Any] = getattr(importlib.import_module(module), name)
        return engine


ENGINES = {
    row.name: row
    for row in (
        EngineRow("embedded", "cavendish.engines.embedded:EmbeddedEngine", "exact edits on a plain CPU"),
        EngineRow("scripted", "cavendish.engines.scripted:ScriptedEngine", "flat pictures, for tests of clients"),
    )
}
