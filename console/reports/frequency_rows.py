"""What the report of frequency reads: tables of reach, or the events that had arrived by then."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from console.reports import reached
from console.reports.cuts import Cut
from console.reports.days import SPAN

if TYPE_CHECKING:
    from datetime import datetime

    from console.reports.basis import QueryLog
    from console.reports.days import Window

Rows = list[dict[str, Any]]

EVER = "2299-01-01 00:00:00.000000"  # as a time by which everything had arrived
QUERIES = (
    *("reports/frequency_people", "reports/frequency_people_whole", "reports/frequency_sums"),
    *reached.NET,
    *("reports/population", "reports/frequency_counts", "reports/frequency_events"),
    *("reports/frequency_events_people", "reports/frequency_days", "reports/frequency_cut"),
    *("reports/frequency_people_cut", "reports/frequency_known"),
    *("reports/frequency_known_sums", "reports/population_known"),
    *("reports/frequency_gross", "reports/frequency_invalid", "reports/frequency_known_invalid"),
)


class FrequencyRows:
    """The rows behind a report.

    Whole campaigns and windows come from bitmaps, sums and counters, what these do not hold from
    the events. Everything comes from the events where only those count that had arrived by a time.
    """

    def __init__(
        self,
        log: QueryLog,
        names: tuple[str, ...],
        window: Window,
        cut: Cut,
        zone: str,
        known: datetime | None,
        seconds: float,
    ) -> None:
        self.log = log
        self.names = names
        self.window = window
        self.cut = cut
        self.seconds = seconds
        self.is_as_known = known is not None
        self._known = known.strftime("%Y-%m-%d %H:%M:%S.%f") if known else EVER
        self._zone = zone

    def ask(self) -> None:
        """Ask for all that a report needs at once, so that it is there when it is read."""
        if not self.is_as_known:
            reached.has_suspects(self.log, self.names)  # what is asked depends on it
        wanted = ["population", "counted", "people", "sums", "days"]
        if self.cut.by:
            wanted += ["parts", "states"]
        self.log.together(*(partial(getattr, self, name) for name in wanted))

    @cached_property
    def people(self) -> Rows:
        """The people reached by all campaigns together and by each."""
        if self.is_as_known:
            return [row for row in self._as_known if not row["is_of_a_day"]]
        return reached.reached(self.log, self.names, self.window)

    @cached_property
    def days(self) -> Rows:
        """The people reached on each day, and up to it."""
        if self.is_as_known:
            return [row for row in self._as_known if row["is_of_a_day"]]
        return self._windowed("reports/frequency_days")

    @cached_property
    def sums(self) -> Rows:
        """What events and costs add up to, per day and per campaign."""
        if self.is_as_known:
            return self._arrived("reports/frequency_known_sums", net=True)
        return reached.summed(self.log, self.names, self.window)

    @cached_property
    def _as_known(self) -> Rows:
        return self._arrived("reports/frequency_known", net=True)

    @cached_property
    def population(self) -> dict[str, int]:
        """Everybody, and of them the known ones."""
        if self.is_as_known:
            (row,) = self.log.rows("reports/population_known", known=self._known)
        else:
            (row,) = self.log.rows("reports/population")
        return row

    @cached_property
    def counted(self) -> Rows:
        """How many people were reached how often."""
        if self.window.is_whole and not self.is_as_known and not self.seconds:
            return reached.net_rows(self.log, "reports/frequency_counts", self.names)
        return self._of_events(Cut())

    @cached_property
    def parts(self) -> Rows:
        """The same by parts of the cut; of a cut by people also those whom nothing reached."""
        return self._of_events(self.cut)

    def _of_events(self, cut: Cut) -> Rows:
        query = "reports/frequency_events"
        more = {"by": cut.by, "zone": self._zone, "known": self._known, "seconds": self.seconds}
        more["is_whole"] = self.window.is_whole
        if cut.is_of_people:
            query, more = f"{query}_people", more | self._of_people
        if self.is_as_known:
            return self._plainly(f"{query}_net", **more)
        return self._windowed(query, **more)

    @cached_property
    def states(self) -> Rows | None:
        """The people whom each part of the cut reached; none where only events tell."""
        if self.is_as_known or not (self.cut.is_stored or self.cut.is_of_people):
            return None
        if self.cut.is_stored:
            return self._windowed("reports/frequency_cut", by=self.cut.by)
        return self._windowed("reports/frequency_people_cut", **self._of_people)

    def invalid(self) -> Rows:
        """Return what was judged invalid on each basis, by rule and by any."""
        if self.is_as_known:
            return self._arrived("reports/frequency_known_invalid")
        if not reached.has_suspects(self.log, self.names):
            return []
        return self._plainly("reports/frequency_invalid")

    def gross(self) -> Rows:
        """Return people and impressions of each basis, invalid traffic included."""
        if not self.is_as_known:
            return self._plainly("reports/frequency_gross")
        people = self._arrived("reports/frequency_known", net=False)
        sums = self._arrived("reports/frequency_known_sums", net=False)
        return [
            {**row, "impressions": _impressions(sums, row)}
            for row in people
            if not row["is_of_a_day"] and row["campaign"] == reached.UNION
        ]

    @property
    def _of_people(self) -> dict[str, Any]:
        return {
            "by": self.cut.by,
            "names": list(self.cut.names),
            "as_of": self.window.as_of or SPAN[1],
            "zone": self._zone,
            "known": self._known,
        }

    def _arrived(self, query: str, **more: Any) -> Rows:
        """Run a query of what had arrived by the time that is asked for."""
        return self._plainly(query, zone=self._zone, known=self._known, **more)

    def _plainly(self, query: str, **more: Any) -> Rows:
        first, last = self.window.bounds
        return self.log.rows(query, campaigns=list(self.names), begin=first, end=last, **more)

    def _windowed(self, query: str, **more: Any) -> Rows:
        return reached.windowed(self.log, query, self.names, self.window, **more)


def _impressions(sums: Rows, of: dict[str, Any]) -> int:
    """Return the impressions of a basis, by the sums of its days."""
    kind, counts = {
        "contacted": ("contact", "events"),
        "served": ("exposure", "events"),
        "viewable": ("exposure", "viewable"),
    }[of["basis"]]
    return sum(
        row[counts]
        for row in sums
        if row["is_of_a_day"] and (row["kind"], row["paid"]) == (kind, of["paid"])
    )
