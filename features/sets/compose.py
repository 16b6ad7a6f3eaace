"""One query for a set: a source's definitions in one grouped scan, the scans joined at the end.

A query is for a slice of people, by a hash of their names, so that memory is bounded by the slice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from features.sets.catalogue import OURS, PEOPLE
from features.sets.files import EVERYONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from features.sets.catalogue import Catalogue
    from features.sets.files import Feature, Label

HASHES = 2**64
PEOPLE_PER_SLICE = 250_000
LABEL = "label"
OF_LABELS = ("since", "until", "known")  # places of a source that differ for a label


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a set is as of.

    Attributes:
        as_of: the date; only what happened before it (UTC) counts in features.
        known_at: only what had arrived by then counts.
        as_arrived: whether features count only what had arrived by their date, too, as they would
            have been served then.
    """

    as_of: date
    known_at: datetime
    as_arrived: bool = False

    @property
    def at(self) -> datetime:
        """The moment at which the date begins."""
        return datetime.combine(self.as_of, time(), UTC)

    @property
    def features_known(self) -> datetime:
        """The latest arrival that features count."""
        return min(self.known_at, self.at) if self.as_arrived else self.known_at


def composed(catalogue: Catalogue, features: Sequence[Feature], label: Label | None) -> str:
    """Return the text of the query for a slice of a set, with places for `parameters`.

    Columns: person, as_of, the features in the order given and, with a label, `label`.
    """
    by_source = _by_source(features)
    own = by_source.pop(PEOPLE, [])
    joins = _joins(catalogue, by_source)
    columns = [
        (f"{'people' if one.source == PEOPLE else one.source}._{one.name}", one.name)
        for one in features
    ]
    if label is not None:
        joins += _outcome(catalogue, label)
        columns.append((f"outcome._{LABEL}", LABEL))
    return _filled(
        "set",
        columns="".join(f",\n    {place} AS {name}" for place, name in columns),
        people=_scan(catalogue.sources[PEOPLE], own),
        joins=joins,
    )


def composed_rows(catalogue: Catalogue, features: Sequence[Feature], points: str) -> str:
    """Return the text of the query that stages the rows of a campaign's people, or of everyone.

    Args:
        catalogue: the definitions.
        features: those that models read, in any order.
        points: a query with a row per person: `person`, `channel` and `label`.
    """
    return _filled(
        "rows",
        names="".join(f", {one.name}" for one in features),
        columns="".join(f",\n    {one.source}._{one.name}" for one in features),
        points=points.strip(),
        joins=_joins(catalogue, _by_source(features)),
    )


def _by_source(features: Sequence[Feature]) -> dict[str, list[Feature]]:
    found: dict[str, list[Feature]] = {}
    for one in features:
        found.setdefault(one.source, []).append(one)
    return found


def _joins(catalogue: Catalogue, by_source: dict[str, list[Feature]]) -> str:
    return "".join(
        _join("LEFT", source, _scan(catalogue.sources[source], own))
        for source, own in by_source.items()
    )


def parameters(
    moment: Moment, label: Label | None, *, program: str, zone: str, offer_days: int
) -> dict[str, Any]:
    """Return the values of a query's places but for those of its slice."""
    at = moment.at
    values = parameters_at(
        at, moment.features_known, program=program, zone=zone, offer_days=offer_days
    )
    if label is not None:
        values |= {
            "label_since": written(at),
            "label_until": written(at + timedelta(days=label.window_days)),
            "label_known": written(moment.known_at),
        }
    return values


def parameters_at(
    at: datetime, known: datetime, *, program: str, zone: str, offer_days: int
) -> dict[str, Any]:
    """Return the values of the places of features: as of `at`, by what had arrived by `known`."""
    values = {
        "at": at,
        "since": datetime(1970, 1, 1, tzinfo=UTC),
        "until": at,
        "known": known,
        "linked_at": at - timedelta(microseconds=1),
        "linked_known": known,
    }
    told: dict[str, Any] = {name: written(value) for name, value in values.items()}
    return told | {"program": program, "zone": zone, "offer_days": offer_days}


def written(moment: datetime) -> str:
    """Return a time as a query's place takes it, to the microsecond."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def slices_for(people: int) -> int:
    """Return how many slices bound the memory of a query about so many people."""
    return max(1, -(-people // PEOPLE_PER_SLICE))


def slices(count: int) -> Iterable[dict[str, int]]:
    """Yield the places of `count` slices that together are everyone, in the order of a set."""
    for number in range(count):
        yield {
            "first": HASHES * number // count,
            "last": HASHES * (number + 1) // count - 1,
        }


def _scan(source: str, features: Sequence[Feature]) -> str:
    columns = [(one.expression, one.dtype, one.name) for one in features]
    return _filled("scan", columns=_columns(columns), source=source.strip(), having="")


def _outcome(catalogue: Catalogue, label: Label) -> str:
    source = catalogue.sources[label.source].strip()
    for place in OF_LABELS:
        source = source.replace(f"{{{place}:", f"{{{LABEL}_{place}:")
    scan = _filled(
        "scan",
        columns=_columns([(label.expression, label.dtype, LABEL)]),
        source=source,
        having="" if label.eligible == EVERYONE else f"HAVING {label.eligible}",
    )
    return _join("LEFT" if label.eligible == EVERYONE else "INNER", "outcome", scan)


def _columns(columns: Iterable[tuple[str, str, str]]) -> str:
    # below a name of its own, or the name of a column of the source would mean the feature
    return "".join(
        f",\n    CAST(\n{expression}\n    AS {dtype}) AS _{name}"
        for expression, dtype, name in columns
    )


def _join(kind: str, alias: str, scan: str) -> str:
    return _filled("join", kind=kind, scan=scan, alias=alias)


def _filled(template: str, **values: str) -> str:
    """Return a template's text without its comment, with something at each of its marks."""
    text = (OURS / "composed" / f"{template}.sql").read_text(encoding="utf-8")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("--"))
    for name, value in values.items():
        text = text.replace(f"/*{name}*/", value)
    return text
