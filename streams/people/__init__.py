"""What may be known of people: the catalogue of their attributes."""

from streams.people.attributes import CATALOGUE, Attribute, Catalogue, load
from streams.people.profiles import Attributes

__all__ = ["CATALOGUE", "Attribute", "Attributes", "Catalogue", "load"]
