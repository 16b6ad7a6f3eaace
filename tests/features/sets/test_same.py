"""Rows that models read have the values that a set as of the same date has."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from features.definitions import NAMES
from features.rows import build, stored
from features.sets.catalogue import load
from features.sets.compose import Moment, composed, parameters, slices

if TYPE_CHECKING:
    from tests.features.conftest import Warehouse

AS_OF = date(2017, 10, 30)
PROGRAM = "liuliangbao"


@pytest.mark.long
def test_real_households_have_the_same_values_in_both(real: Warehouse) -> None:
    """Of The Complete Journey, as of one date: every household that has a wallet."""
    client = real.client
    build(client, AS_OF, "scoring", PROGRAM)
    old = stored(client, AS_OF, "scoring", PROGRAM).set_index("person").sort_index()
    # the warehouse is filled without postings; a wallet is all that a set needs of them
    client.command(
        "INSERT INTO postings (account, version, kind, program, time) "
        "SELECT subject, source_offset, 'wallet', program, time FROM ledger_results"
    )
    catalogue = load()
    shared = [catalogue.feature(name) for name in NAMES if name in catalogue.features]
    moment = Moment(as_of=AS_OF, known_at=datetime(2018, 6, 1, tzinfo=UTC))
    values = parameters(moment, None, program=PROGRAM, zone="UTC", offer_days=28)
    [everyone] = slices(1)
    found = client.query_arrow(
        composed(catalogue, shared, None), parameters=values | everyone, use_strings=True
    ).to_pandas()
    new = found.set_index("person").sort_index()
    assert list(new.index) == list(old.index)
    assert len(new) > 2_000
    for one in shared:
        np.testing.assert_allclose(
            new[one.name].to_numpy(np.float64), old[one.name].to_numpy(), rtol=1e-12
        )
