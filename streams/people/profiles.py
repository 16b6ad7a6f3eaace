"""What a profile is held to: its attributes by the catalogue, and what becomes of unknown ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from streams.events import Profile, ProfileData
from streams.events.decoding import Rejection
from streams.people.attributes import Catalogue, load

if TYPE_CHECKING:
    from pathlib import Path

Unknown: TypeAlias = Literal["keep", "drop", "refuse"]
_SHOWN_CHARACTERS_MAX = 80


class Attributes(msgspec.Struct, frozen=True):
    """The catalogue in force, and what becomes of attributes that it does not have."""

    catalogue: Catalogue
    unknown: Unknown = "keep"

    @classmethod
    def of(cls, path: Path, unknown: Unknown) -> Attributes:
        """Return what two settings say.

        Raises:
            click.ClickException: when the catalogue can't be read.
        """
        return cls(load(path), unknown)

    def fault(self, profile: Profile) -> tuple[str, Rejection] | None:
        """Return the first attribute that can't be, and why its profile is rejected."""
        attributes = profile.data.attributes
        for name, wanted in self.catalogue.faults(attributes):
            shown = repr(attributes[name])[:_SHOWN_CHARACTERS_MAX]
            detail = f"data.attributes.{name} = {shown}: it must be {wanted}"
            return name, Rejection("bad_attribute", detail)
        unknown = self.catalogue.unknown(attributes)
        if unknown and self.unknown == "refuse":
            return unknown[0], Rejection(
                "unknown_attribute",
                f"data.attributes.{unknown[0]}: the catalogue has no such attribute; add it there, "
                "or set FLOWDROP_UNKNOWN_ATTRIBUTES to keep or drop",
            )
        return None

    def kept(self, profile: Profile) -> Profile:
        """Return a profile without the attributes that the setting drops; they may be all."""
        if self.unknown != "drop":
            return profile
        known = self.catalogue.attributes
        attributes = {name: own for name, own in profile.data.attributes.items() if name in known}
        return replace(profile, data=ProfileData(attributes=attributes))
