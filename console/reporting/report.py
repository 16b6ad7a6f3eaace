"""A report is one object: its parameters, what it computes, how it is shown.

The command, the page, the endpoint of the REST API, the downloads, "the query that made this" and
the row in `docs/reports.md` are made from it by code that knows no report by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from console.i18n import N_
from console.reporting.answer import Answer
from console.reporting.protected import protected
from console.reporting.viewer import Viewer  # noqa: TC001 - of a signature

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.i18n import LocalizedText, Translator
    from console.reporting.layout import Layout
    from console.reporting.protection import Protection
    from console.reports.basis import Query
    from console.settings import ConsoleSettings
    from flowdrop.files import SheetChart

T = TypeVar("T")
TEXTS = (str, bool, list, tuple, date)  # cells that are no numbers; a time is a date

Row = Mapping[str, Any]
Rows = Sequence[Row]
Values = Mapping[str, Any]  # a report's arguments, by the names of its parameters


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A report's parameter: an argument of its command, a query parameter of its URLs."""

    name: str
    metavar: str = ""  # what the command's help calls it; its name by default
    help: str = ""  # of an option
    many: bool = False  # one or more of them
    optional: bool = False  # or none, of many
    least: int = 1  # of many, how many it takes
    option: bool = False  # `--name` of the command
    kind: type[str | int | float] = str
    default: Any = None  # of an option
    asked_for: bool = False  # an option that is required

    @property
    def flag(self) -> str:
        """How the command calls it, if it is an option."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def usage(self) -> str:
        """How a command's usage shows it."""
        name = self.metavar or self.name.upper()
        if self.option:
            own = f"{self.flag} {name}"
            return own if self.asked_for else f"[{own}]"
        if self.optional:
            return f"[{name}...]"
        return f"{name}..." if self.many else name

    @property
    def is_campaign(self) -> bool:
        """Whether it names campaigns."""
        return "campaign" in {self.name, self.metavar.lower()}

    @property
    def required(self) -> bool:
        """Whether it is required."""
        return self.asked_for or not (self.option or self.optional)


@dataclass(frozen=True, kw_only=True)
class Table(Generic[T]):
    """Rows of a report under a title: a table at a terminal and on the page, a sheet of a file.

    Attributes:
        title: a message of the catalogue.
        row: what a row is: "one row per day".
        rows: of equal keys; a column of money has its unit in its name.
        columns: keys of a file without rows.
        heads: headings by column key: messages of the catalogue.
        words: keys of columns whose values are messages of the catalogue, too.
        upright: a person sees one line per cell, not per row.
        to_person: a row as a person sees it, where it is not as in a file.
        chart: what a workbook draws beside its rows, if anything.
    """

    title: str
    row: str
    rows: Callable[[T], Rows]
    columns: tuple[str, ...] = ()
    heads: Mapping[str, str] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    upright: bool = False
    to_person: Callable[[Row], Row] = lambda row: row
    chart: SheetChart | None = None

    def head(self, key: str) -> str:
        """Return the heading of the column `key`: the key itself in words, if there is none."""
        return self.heads.get(key, key.replace("_", " "))

    def shown(self, found: T) -> Rows:
        """Return the rows as a person sees them."""
        return [self.to_person(row) for row in self.rows(found)]

    @staticmethod
    def texts(rows: Rows) -> set[str]:
        """Return the columns of texts: they may be folded, and stand on the left."""
        return {key for row in rows for key, cell in row.items() if isinstance(cell, TEXTS)}


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """A report's own page, in place of the shared one.

    Attributes:
        template: its name.
        path: where it is; `/NAME` by default.
        facts: what the template shows beside the result, its parameters and its charts.
        complete: fills in what was left out.
        form: without a required parameter it is a form that asks for it.
        empty: an empty warehouse is reported on it, and is not an error.
    """

    template: str
    path: str = ""
    facts: Callable[[Client, ConsoleSettings, Values, T | None], Mapping[str, Any]] = lambda *_: {}
    complete: Callable[[Client, ConsoleSettings, Values], Values] = lambda *asked: asked[-1]
    form: bool = False
    empty: bool = False


@dataclass(frozen=True, kw_only=True)
class Report(Generic[T]):
    """One report.

    Attributes:
        name: of its command, page and endpoint.
        help: what it shows: a sentence, then perhaps more after an empty line. A report without a
            page of its own shows it there, so it is a message of the catalogue.
        example: a call of its command.
        parameters: its parameters, in the order in which `compute` takes them.
        settings: names of the console's settings that `compute` takes after them.
        queries: the query files that it may run, below `sql/`.
        compute: takes a client of the warehouse, parameters and settings; returns the result.
        result: its type, a dataclass or a list of them, as the API describes it.
        tables: the first is what a file of one table holds: CSV and Parquet.
        title: of the result, a name.
        sentences: what is printed below the tables.
        said_title: their heading on the shared page, a message of the catalogue.
        charts: what the page draws, by name; see `static/charts.js`.
        text: prints the result, where titles, tables and sentences are not enough.
        page: its own, if any.
        asked: the queries behind every result, where the result itself has no `queries`.
        file: the name of a download, where name and required parameters are not enough.
        command: that prints it, where it is not `flowdrop report NAME`.
        served: whether the console has page, endpoint and downloads of it.
        exports: where downloads are, without their ending; `/NAME` by default.
        loads: modules that `compute` imports when called, so that help is quick; a server imports
            them as it starts.
        definitions: what its figures mean, for the page of all reports.
        protection: how its figures relate to people; without, or with words that say why there is
            none, no organisation may see it.
    """

    name: str
    help: str
    example: str
    parameters: tuple[Parameter, ...] = ()
    settings: tuple[str, ...] = ()
    queries: tuple[str, ...]
    compute: Callable[..., T]
    result: Any
    tables: tuple[Table[T], ...]
    title: Callable[[T], str] | None = None
    sentences: Callable[[T], Sequence[Any]] = lambda _: ()
    said_title: str = N_("How this is counted")
    charts: Callable[[T, Translator], Mapping[str, Any]] = lambda *_: {}
    text: Callable[[T, Layout], None] | None = None
    page: Page[T] | None = None
    asked: tuple[Query, ...] | None = None
    file: Callable[[Values], str] | None = None
    command: str = ""
    served: bool = True
    exports: str = ""
    loads: tuple[str, ...] = ()
    definitions: tuple[LocalizedText, ...] = ()
    protection: Protection[T] | LocalizedText | None = None

    @property
    def summary(self) -> str:
        """What it shows, in one sentence."""
        return self.help.partition("\n")[0]

    @property
    def label(self) -> str:
        """Its link text, a message of the catalogue."""
        return self.tables[0].title

    @property
    def is_of_a_campaign(self) -> bool:
        """Whether it can be asked for by one campaign alone."""
        needed = [
            (each.name, each.least)
            for each in self.parameters
            if each.required or each.name == "campaign"
        ]
        return needed == [("campaign", 1)]

    @property
    def is_of_campaigns(self) -> bool:
        """Whether it takes several campaigns at once."""
        return any(each.name == "campaign" and each.many for each in self.parameters)

    @property
    def is_of_campaigns_or_advertiser(self) -> bool:
        """Whether it takes campaigns or, in their place, an advertiser, and needs one of these."""
        free = {each.name for each in self.parameters if not each.required}
        return {"campaign", "advertiser"} <= free

    @property
    def place(self) -> str:
        """Where page, downloads and queries are by default."""
        return f"/{self.name}"

    @property
    def usage(self) -> str:
        """How its command is called."""
        if self.command:
            return self.command
        return " ".join(["flowdrop report", self.name, *(each.usage for each in self.parameters)])

    def find(
        self,
        client: Client,
        asked: Values,
        settings: ConsoleSettings | None = None,
        *,
        viewer: Viewer,
    ) -> Answer[T]:
        """Return the result for the arguments `asked`, as `viewer` may see it.

        Raises:
            NoReportError: when there is none, or an organisation may not see it.
        """
        given = [asked[parameter.name] for parameter in self.parameters]

        def compute() -> T:
            return self.compute(
                client, *given, *(getattr(settings, name) for name in self.settings)
            )

        if viewer.is_staff:
            return Answer(found=compute(), viewer=viewer)
        database = "" if settings is None else settings.database
        return protected(client, self.protection, asked, compute, viewer, database)

    def rows(self, found: T) -> Rows:
        """Return the rows of a file of one table."""
        return self.tables[0].rows(found)

    def queries_of(self, found: T) -> Sequence[Query]:
        """Return the queries that made a result."""
        return self.asked if self.asked is not None else found.queries  # type: ignore[attr-defined]

    def file_name(self, asked: Values) -> str:
        """Return the name of a download, without its ending."""
        if self.file is not None:
            return self.file(asked)
        names = [asked[parameter.name] for parameter in self.parameters if parameter.required]
        words = [word for name in names for word in ([name] if isinstance(name, str) else name)]
        return "-".join([self.name, *words])


def plain(found: Any) -> Any:
    """Return a result in JSON's shape: fields by name; dates stay dates for the encoder."""
    if isinstance(found, list | tuple):
        return [plain(each) for each in found]
    return asdict(found) if is_dataclass(found) and not isinstance(found, type) else found


def told(answer: Answer[Any]) -> Any:
    """Return an answer in JSON's shape; one to an organisation has what was hidden of it, too."""
    found = plain(answer.found)
    if not isinstance(found, dict):
        return found
    if answer.freshness is not None:
        found = {**found, "freshness": asdict(answer.freshness)}
    if answer.viewer.is_staff:
        return found
    seen = {
        "organisation": answer.viewer.organisation,
        "words": plain(answer.words),
        "hidden": [asdict(each) for each in answer.hidden],
    }
    return {**found, "seen": seen}
