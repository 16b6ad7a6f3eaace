"""A mapping says how rows of somebody else's data become events: one TOML file a feed.

`load` reads the file. `Mapping.events_of` turns rows (dictionaries, as from JSON) into events, and
says of each row that can't be one which column is wrong and what to do.
"""

from __future__ import annotations

from intake.mapping.compiled import Mapped, Mapping, load, loads
from intake.mapping.refusals import MappingError, RowRefusal

__all__ = ["Mapped", "Mapping", "MappingError", "RowRefusal", "load", "loads"]
