"""What became of each event of an import, by rows of its file, in bounded memory.

Results name events, and not the rows that they are of. So the hashes of both lie on disk, in as
many parts as keep each small, and are compared part by part; the records are then read once more,
each with its outcome.
"""

from __future__ import annotations

from itertools import islice
from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

import msgspec
import numpy as np
from xxhash import xxh3_64_intdigest

from flowdrop.output import csv_line
from intake.files.parts import PARTS, Parts
from intake.mapping import targets
from streams.kafka.publish.telling import Named
from streams.kafka.publish.told import CONFLICT, WRONG, explained

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from intake.files.sort import Sorted, Spool
    from intake.mapping.rules import Rule
    from streams.kafka.publish.answers import Answer

T = TypeVar("T")

HEADS = ("row", "event", "type", "outcome", "reason", "explanation")
CHUNK = 50_000
DETAILS_MAX = 50_000  # different sentences that are kept; beyond them a reason's own has to do
NONE = 0  # the code of what nobody has said anything of
_SENT = np.dtype([("name", np.uint64), ("content", np.uint64), ("number", np.int64)])
_SAID = np.dtype([("name", np.uint64), ("code", np.uint32)])
_WORDS = {"repeat": "repeated", "deadletter": "set_aside"}
_REPEATED = "It was judged before, or an earlier row is the same event; it changed nothing."
_NOT_JUDGED = "No worker has judged it yet; once one runs, run this again."

_named = msgspec.json.Decoder(Named).decode


class End(NamedTuple):
    """How an event ended: the outcome, its reason and the sentence on both."""

    outcome: str
    reason: str = ""
    words: str = ""

    @property
    def rank(self) -> int:
        """Which of several that are said of one event counts: the highest."""
        if self.outcome == "repeated":
            return 2
        return 1 if self.outcome == "set_aside" or self.reason in WRONG else 3

    def again(self) -> End:
        """Return how the same event ends that comes once more."""
        if self.outcome == "set_aside" or not self.outcome:
            return self
        return End("repeated", self.reason, self.words or _REPEATED)


class _Ends:
    """Every way in which events ended, by small numbers."""

    def __init__(self) -> None:
        self.all = [End("")]
        self._codes = {self.all[NONE]: NONE}

    def code(self, end: End) -> int:
        """Return the number of one."""
        found = self._codes.get(end)
        if found is None:
            found = self._codes[end] = len(self.all)
            self.all.append(end)
        return found

    def of(self, answer: Answer) -> int:
        """Return the number of what is said of an event."""
        outcome = _WORDS.get(answer.outcome, answer.outcome)
        words = explained(answer.reason) or (_REPEATED if outcome == "repeated" else "")
        if answer.detail and len(self.all) < DETAILS_MAX:
            words = answer.detail
        return self.code(End(outcome, answer.reason, words))


def write(
    out: IO[str],
    spool: Spool,
    rules: Sequence[Rule],
    answers: Iterable[Answer],
    *,
    is_judged: bool,
) -> None:
    """Write what became of each record as CSV, in the order in which they were sent.

    Args:
        out: where to.
        spool: the records; its folder has room for the hashes.
        rules: of the mapping.
        answers: what was said since the import was first begun.
        is_judged: whether a worker has judged all of it.
    """
    ends = _Ends()
    sent = Parts(_below(spool.folder, "sent"), _SENT)
    said = Parts(_below(spool.folder, "said"), _SAID)
    topics = [rule.topic for rule in rules]
    for number, some in _chunks(spool.records()):
        sent.add(_sent(number, some, topics))
    for _, several in _chunks(answers):
        said.add(_said(several, ends))
    codes = np.memmap(spool.folder / "codes", np.uint32, "w+", shape=max(1, spool.count))
    for number in range(PARTS):
        numbers, found = _joined(sent.part(number), said.part(number), ends)
        codes[numbers] = found
    out.write(csv_line(HEADS))
    for number, some in _chunks(spool.records()):
        own = codes[number : number + len(some)].tolist()
        out.writelines(
            _line(record, ends.all[code], rules, is_judged=is_judged)
            for record, code in zip(some, own, strict=True)
        )


def _sent(number: int, records: Sequence[Sorted], topics: Sequence[str]) -> NDArray[np.void]:
    entries = np.empty(len(records), _SENT)
    names = [_named(record.value) for record in records]
    entries["name"] = [
        _hash(topics[record.rule], record.subject, name.source, name.id)
        for record, name in zip(records, names, strict=True)
    ]
    entries["content"] = [xxh3_64_intdigest(record.value) for record in records]
    entries["number"] = np.arange(number, number + len(records))
    return entries


def _said(answers: Sequence[Answer], ends: _Ends) -> NDArray[np.void]:
    entries = np.empty(len(answers), _SAID)
    entries["name"] = [_hash(one.topic, one.subject, one.source, one.id) for one in answers]
    entries["code"] = [ends.of(one) for one in answers]
    return entries


def _joined(
    sent: NDArray[np.void], said: NDArray[np.void], ends: _Ends
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return the records of a part, by their numbers, and how each of them ended.

    Where as many answers as records have a name, they are in the same order, their log's. Else
    (what was sent again after an interruption, a repeat of which a campaign agent says nothing) the
    first record of a name is what was judged, and those that say the same as it are repeats of it;
    any other is the conflict, or was refused as the first was.
    """
    sent = sent[np.lexsort((sent["number"], sent["name"]))]
    names = sent["name"]
    starts = np.r_[True, names[1:] != names[:-1]][: len(names)]
    firsts = sent[starts][np.cumsum(starts) - 1] if len(sent) else sent
    is_other = sent["content"] != firsts["content"]
    is_conflict = np.array([end.reason == CONFLICT for end in ends.all])
    clashes = is_conflict[said["code"]]
    judged, has = _last(said[~clashes], names, np.array([end.rank for end in ends.all]))
    clashing, clashed = _last(said[clashes], names, np.zeros(len(ends.all), np.int64))
    again = np.array([ends.code(end.again()) for end in list(ends.all)], np.uint32)
    codes = np.where(starts, judged, again[judged])
    codes = np.where(clashed & (is_other | ~has), clashing, codes)
    is_refused = np.array([end.outcome == "refused" for end in ends.all])
    unsaid = is_other & ~clashed
    codes = np.where(unsaid, np.where(is_refused[judged], judged, NONE), codes)
    return sent["number"], _in_order(names, said, codes).astype(np.uint32)


def _in_order(
    names: NDArray[np.uint64], said: NDArray[np.void], codes: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    """Return the codes, and those of what was said where it is as much as the names, in order."""
    if not len(said):
        return codes
    said = said[np.argsort(said["name"], kind="stable")]
    begins = np.searchsorted(said["name"], names, "left")
    places = np.arange(len(names)) - np.searchsorted(names, names, "left")
    is_as_many = np.searchsorted(said["name"], names, "right") - begins == np.searchsorted(
        names, names, "right"
    ) - np.searchsorted(names, names, "left")
    found = said["code"][np.minimum(begins + places, len(said) - 1)]
    return np.where(is_as_many, found, codes)


def _last(
    said: NDArray[np.void], names: NDArray[np.uint64], ranks: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Return for each name the code of the highest rank, the last of several, and if there is any.

    Where there is none, the code is `NONE`.
    """
    said = said[np.lexsort((np.arange(len(said)), ranks[said["code"]], said["name"]))]
    places = np.searchsorted(said["name"], names, "right") - 1
    has = places >= 0
    has[has] = said["name"][places[has]] == names[has]
    codes = np.full(len(names), NONE, np.uint32)
    codes[has] = said["code"][places[has]]
    return codes, has


def _line(record: Sorted, end: End, rules: Sequence[Rule], *, is_judged: bool) -> str:
    rule = rules[record.rule]
    if not end.outcome:  # a campaign agent says nothing of a repeat
        is_repeat = is_judged and not rule.is_of_wallets
        end = End("repeated", "", _REPEATED) if is_repeat else End("not_judged", "", _NOT_JUDGED)
    tag = targets.tag_of(rule.kind)
    return csv_line([record.row, _named(record.value).id, tag, *end])


def _hash(topic: str, subject: bytes, source: str, name: str) -> int:
    return xxh3_64_intdigest(b"\n".join((topic.encode(), subject, source.encode(), name.encode())))


def _chunks(found: Iterable[T]) -> Iterator[tuple[int, list[T]]]:
    """Yield what is found, many at a time, and the number of the first of them."""
    rest, number = iter(found), 0
    while some := list(islice(rest, CHUNK)):
        yield number, some
        number += len(some)


def _below(folder: Path, name: str) -> Path:
    (made := folder / name).mkdir()
    return made
