"""Models as bytes: skops archives that follow from the model alone, and what is read of them.

skops names its parts by where objects lay in memory and stamps them with the time of day. Both are
replaced here by numbers in order and by one fixed time, so that the same data and seed give the
same SHA-256 in any process. Nothing is loaded but types that somebody has reviewed.
"""

from __future__ import annotations

import io
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from features.uplift.errors import UnusableError

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = "schema.json"
TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can name

RESPONSE_TYPES = (
    # What models of who redeems are made of, beyond what skops trusts by itself; a test keeps the
    # two in step. Each was reviewed: it keeps arrays and parameters, and calls nothing when it is
    # created.
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)

UPLIFT_TYPES = (
    # Likewise of uplift: our own learners, which are dictionaries of arrays and models.
    "features.uplift.calibration.Calibrated",
    "features.uplift.calibration._Line",
    "features.uplift.learners.crossed.CrossedLearner",
    "features.uplift.learners.doubly_robust.DoublyRobustLearner",
    "features.uplift.learners.response.ResponseLearner",
    "features.uplift.learners.single.SingleLearner",
    "features.uplift.learners.two.TwoLearner",
    "features.uplift.preparation.Preparation",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


class StrangeTypesError(UnusableError):
    """An archive holds types that nobody has reviewed."""

    def __init__(self, types: list[str]) -> None:
        super().__init__(f"holds types that are not trusted: {', '.join(types)}")
        self.types = types


def packed(model: Any) -> bytes:
    """Return the archive of a model; the same model gives the same bytes in every process.

    Raises:
        UnusableError: when skops can't keep it.
    """
    import skops.io

    try:
        raw = skops.io.dumps(model)
    except Exception as error:  # whatever a part of somebody's own learner raises
        raise UnusableError(
            f"a {type(model).__name__} can't be kept in a file ({error}); keep functions, locks "
            "and open files out of what the learner remembers"
        ) from error
    return _numbered(raw)


def unpacked(data: bytes, trusted: Iterable[str]) -> Any:
    """Return the model of an archive.

    Raises:
        StrangeTypesError: when it holds types that are not in `trusted`; nothing was created.
    """
    import skops.io

    known = sorted(set(trusted))
    strange = untrusted(data, known)
    if strange:
        raise StrangeTypesError(strange)
    return skops.io.loads(data, trusted=known)


def untrusted(data: bytes, trusted: Iterable[str]) -> list[str]:
    """Return the types of an archive that are neither skops's own nor in `trusted`, sorted."""
    import skops.io

    return sorted(set(skops.io.get_untrusted_types(data=data)) - set(trusted))


def _numbered(raw: bytes) -> bytes:
    """Return an archive whose parts and objects are numbered in the order of its schema."""
    with ZipFile(io.BytesIO(raw)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    ids: dict[int, int] = {}
    files: dict[str, str] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(one) for one in value]
        if not isinstance(value, dict):
            return value
        found: dict[str, Any] = {}
        for key, one in value.items():
            if key == "__id__":
                found[key] = ids.setdefault(one, len(ids) + 1)
            elif key == "file" and one in parts:
                suffix = PurePosixPath(one).suffix
                found[key] = files.setdefault(one, f"{len(files) + 1}{suffix}")
            else:
                found[key] = renamed(one)
        return found

    schema = renamed(json.loads(parts[SCHEMA]))
    written = io.BytesIO()
    with ZipFile(written, "w", compression=ZIP_STORED) as archive:
        for old, new in files.items():
            archive.writestr(ZipInfo(new, TIME), parts[old])
        archive.writestr(ZipInfo(SCHEMA, TIME), json.dumps(schema, indent=1))
    return written.getvalue()
