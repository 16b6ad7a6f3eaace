"""What may be known of people: the catalogue of their attributes."""

from streams.people.attributes import CATALOGUE, Attribute, Catalogue, load

__all__ = ["CATALOGUE", "Attribute", "Catalogue", "load"]
