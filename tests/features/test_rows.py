"""Feature rows: right by hand, right beside pandas, blind to what comes after their moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import click
import pandas as pd
import pytest

from features.definitions import FEATURES, NAMES, defined
from features.rows import _stage, build, campaigns, fingerprint, stored

if TYPE_CHECKING:
    from conftest import Journey, Opener, Warehouse

PROGRAM = "liuliangbao"
AS_OF = date(2017, 10, 30)
SMALL = date(2020, 6, 1)
KEYS = ["program", "as_of", "purpose", "campaign", "person", "at", "label"]


@pytest.fixture
def small(warehouse: Warehouse) -> Warehouse:
    """Two ended campaigns, one running, one later; ann buys and redeems, bob buys once."""
    warehouse.earn("ann", "2020-01-01 10:00", "2020-01-20 10:00", spend=3_000)
    warehouse.earn("ann", "2020-02-25 12:00", "2020-02-25 18:00", spend=500)
    warehouse.earn("bob", "2020-01-15 00:00", spend=2_000)
    warehouse.contact("one", "2020-02-01", "2020-02-28 23:59:59", "ann", "bob", "nobody")
    warehouse.contact("two", "2020-03-01", "2020-03-31 23:59:59", "ann", "bob")
    warehouse.contact("now", "2020-05-20", "2020-06-20 23:59:59", "ann")
    warehouse.contact("next", "2020-06-01", "2020-06-30 23:59:59", "bob")
    warehouse.convert("one", "ann", "2020-02-10", "2020-02-12")
    warehouse.convert("two", "bob", "2020-03-05")
    warehouse.convert("next", "bob", "2020-06-02")
    return warehouse


def row(warehouse: Warehouse, purpose: Any, campaign: str, person: str) -> dict[str, Any]:
    build(warehouse.client, SMALL, purpose, PROGRAM)
    table = stored(warehouse.client, SMALL, purpose, PROGRAM)
    found = table[(table["campaign"] == campaign) & (table["person"] == person)]
    assert len(found) == 1
    values: dict[str, Any] = found.iloc[0].to_dict()
    return values


def test_the_table_has_the_chosen_definitions_in_their_order(
    warehouse: Warehouse,
) -> None:
    table = warehouse.client.query("DESCRIBE feature_rows").result_rows
    assert [column[0] for column in table] == [*KEYS, *NAMES]
    assert [column[1] for column in table[len(KEYS) :]] == [one.dtype for one in FEATURES]
    assert all(one.targeting for one in defined())


def test_a_row_at_a_campaigns_start_has_the_values_counted_by_hand(small: Warehouse) -> None:
    ann = row(small, "training", "two", "ann")
    assert ann["label"] == 0
    assert ann["at"] == pd.Timestamp("2020-03-01")
    assert {name: ann[name] for name in NAMES} == pytest.approx(
        {
            "channel": "type-a",
            "recency_days": 4 + 6 / 24,  # 25 February 18:00, a leap year
            "tenure_days": 59 + 14 / 24,
            "purchases_7d": 2,
            "purchases_28d": 2,
            "purchases_84d": 4,
            "purchase_days_84d": 3,
            "spend_28d_cents": 1_000,
            "spend_84d_cents": 7_000,
            "spend_largest_cents": 3_000,
            "spend_average_cents": 1_750,
            "spend_trend": 3 * 1_000 / 7_000,
            "campaigns_contacted": 1,
            "campaigns_running": 0,
            "contact_recency_days": 29,
            "redemptions": 2,
            "redemptions_90d": 2,
            "campaigns_redeemed": 1,
            "redemption_recency_days": 18,
            "redemption_rate": 1,
        }
    )


def test_a_person_without_a_past_has_zeros_and_nothing(small: Warehouse) -> None:
    bob = row(small, "training", "one", "bob")
    assert bob["recency_days"] == 17
    assert (bob["campaigns_contacted"], bob["redemptions"]) == (0, 0)
    unknown = ["contact_recency_days", "redemption_recency_days", "redemption_rate"]
    assert [pd.isna(bob[name]) for name in unknown] == [True] * 3


def test_an_offer_that_has_not_ended_is_running(small: Warehouse) -> None:
    assert row(small, "scoring", "", "ann")["campaigns_running"] == 1
    assert row(small, "scoring", "", "bob")["campaigns_running"] == 0


def test_campaigns_are_training_running_or_later_by_their_dates(small: Warehouse) -> None:
    for purpose in ("training", "running", "later", "scoring"):
        build(small.client, SMALL, purpose, PROGRAM)
    found = {
        one.campaign: (one.purpose, one.people, one.redeemers)
        for one in campaigns(small.client, SMALL, PROGRAM)
    }
    assert found == {
        "one": ("training", 2, 1),  # nobody has no wallet
        "two": ("training", 2, 1),
        "now": ("running", 1, 0),
        "next": ("later", 1, 1),
    }
    assert set(stored(small.client, SMALL, "scoring", PROGRAM)["person"]) == {"ann", "bob"}
    assert stored(small.client, SMALL, "scoring", PROGRAM)["label"].isna().all()


def test_a_redemption_on_or_after_the_date_is_no_training_label(small: Warehouse) -> None:
    small.convert("two", "ann", "2020-06-01", "2020-07-01")
    assert row(small, "training", "two", "ann")["label"] == 0
    small.convert("two", "ann", "2020-05-31 23:59:59")
    assert row(small, "training", "two", "ann")["label"] == 1


def test_who_opened_a_wallet_after_the_start_is_not_learned_from(small: Warehouse) -> None:
    small.earn("late", "2020-03-02")
    small.contact("two", "2020-03-01", "2020-03-31 23:59:59", "late")
    build(small.client, SMALL, "training", PROGRAM)
    assert "late" not in set(stored(small.client, SMALL, "training", PROGRAM)["person"])


def test_a_campaign_older_than_the_first_purchase_is_left_out(small: Warehouse) -> None:
    small.contact("old", "2019-12-01", "2019-12-31 23:59:59", "ann", "bob")
    build(small.client, SMALL, "training", PROGRAM)
    assert "old" not in set(stored(small.client, SMALL, "training", PROGRAM)["campaign"])


def test_another_programs_people_and_purchases_are_not_seen(small: Warehouse) -> None:
    build(small.client, SMALL, "scoring", PROGRAM)
    before = stored(small.client, SMALL, "scoring", PROGRAM)
    small.earn("ann", "2020-05-30", program="jd-flow-bank")
    small.earn("zoe", "2020-05-30", program="jd-flow-bank")
    build(small.client, SMALL, "scoring", PROGRAM)
    pd.testing.assert_frame_equal(stored(small.client, SMALL, "scoring", PROGRAM), before)


def test_a_repeated_event_counts_once(small: Warehouse) -> None:
    build(small.client, SMALL, "training", PROGRAM)
    before = stored(small.client, SMALL, "training", PROGRAM)
    small.convert("one", "ann", "2020-02-10", "2020-02-12")
    small.contact("one", "2020-02-01", "2020-02-28 23:59:59", "ann", "bob")
    build(small.client, SMALL, "training", PROGRAM)
    pd.testing.assert_frame_equal(stored(small.client, SMALL, "training", PROGRAM), before)


def test_built_again_it_is_the_same_and_never_doubled(small: Warehouse) -> None:
    assert build(small.client, SMALL, "training", PROGRAM) == 4
    first = fingerprint(stored(small.client, SMALL, "training", PROGRAM))
    assert build(small.client, SMALL, "training", PROGRAM) == 4
    assert fingerprint(stored(small.client, SMALL, "training", PROGRAM)) == first


def test_what_a_dead_build_left_is_not_taken_over(small: Warehouse) -> None:
    build(small.client, SMALL, "training", PROGRAM)
    expected = stored(small.client, SMALL, "training", PROGRAM)
    place = {"program": PROGRAM, "as_of": SMALL, "purpose": "training"}
    _stage(small.client, place, 28)
    build(small.client, SMALL, "training", PROGRAM)
    pd.testing.assert_frame_equal(stored(small.client, SMALL, "training", PROGRAM), expected)


def test_a_build_that_finds_nobody_leaves_nobody(small: Warehouse) -> None:
    assert build(small.client, SMALL, "running", PROGRAM) == 1
    small.contact("now", "2020-05-20", "2020-06-20 23:59:59", "ann")
    small.client.command("TRUNCATE TABLE campaign_events")
    small.contact("one", "2020-02-01", "2020-02-28 23:59:59", "ann", "bob")
    assert build(small.client, SMALL, "running", PROGRAM) == 0
    assert stored(small.client, SMALL, "running", PROGRAM).empty


def test_an_empty_warehouse_says_what_to_do(warehouse: Warehouse) -> None:
    with pytest.raises(click.ClickException, match="flowdrop replay complete-journey"):
        build(warehouse.client, SMALL, "training", PROGRAM)


def test_a_warehouse_without_tables_says_what_to_do(warehouse: Warehouse) -> None:
    warehouse.client.command("DROP TABLE campaign_events")
    with pytest.raises(click.ClickException, match="flowdrop sql migrate"):
        build(warehouse.client, SMALL, "training", PROGRAM)


# -- what was undone, what came too early, what names no end ---------------------------------------


def spent(warehouse: Warehouse, purpose: Any, campaign: str, person: str) -> tuple[int, int]:
    found = row(warehouse, purpose, campaign, person)
    return found["purchases_84d"], found["spend_84d_cents"]


def test_a_purchase_that_was_reversed_is_none_from_then_on(small: Warehouse) -> None:
    build(small.client, SMALL, "training", PROGRAM)
    before = stored(small.client, SMALL, "training", PROGRAM)
    small.earn("ann", "2020-02-20", spend=90_000)
    assert spent(small, "training", "two", "ann") == (5, 97_000)
    small.reverse("ann", "2020-02-20", "2020-02-29 23:59:59")
    build(small.client, SMALL, "training", PROGRAM)
    pd.testing.assert_frame_equal(stored(small.client, SMALL, "training", PROGRAM), before)


def test_a_reversal_after_the_moment_is_not_known_at_it(small: Warehouse) -> None:
    small.earn("ann", "2020-02-20", "2020-05-20", spend=90_000)
    small.reverse("ann", "2020-02-20", "2020-03-01")
    small.reverse("ann", "2020-05-20", "2020-05-31")
    assert spent(small, "training", "two", "ann") == (5, 97_000)
    assert spent(small, "scoring", "", "ann") == (0, 0)
    assert row(small, "scoring", "", "ann")["spend_largest_cents"] == 3_000


def test_a_reversal_that_was_refused_or_is_of_another_undoes_nothing(small: Warehouse) -> None:
    small.earn("ann", "2020-02-20", spend=90_000)
    small.reverse("ann", "2020-02-20", "2020-02-21", outcome="refused")
    small.reverse("bob", "2020-01-15", "2020-02-21")
    assert spent(small, "training", "two", "ann") == (5, 97_000)
    assert spent(small, "training", "two", "bob") == (0, 0)
    assert pd.isna(row(small, "training", "two", "bob")["recency_days"])


def test_a_reversal_is_of_the_source_it_names(small: Warehouse) -> None:
    """A game and a shop number their events alike."""
    for source, day, cents in (("game", "2020-02-20", 90_000), ("shop", "2020-02-21", 4_000)):
        small.ledger(
            pd.DataFrame(
                {
                    "subject": ["ann"],
                    "time": [pd.Timestamp(day, tz="UTC")],
                    "spend": cents,
                    "event_id": "1",
                    "event_source": source,
                }
            )
        )
    small.reverse("ann", "2020-02-20", "2020-02-22")
    assert spent(small, "training", "two", "ann") == (5, 11_000)


def test_a_conversion_before_the_start_is_neither_label_nor_feature(small: Warehouse) -> None:
    small.convert("two", "ann", "2020-02-29 23:59:59")
    ann = row(small, "training", "two", "ann")
    assert (ann["label"], ann["redemptions"], ann["campaigns_redeemed"]) == (0, 2, 1)
    assert row(small, "scoring", "", "ann")["redemptions"] == 2
    small.convert("two", "ann", "2020-03-01")  # at the start: the label, and no feature yet
    ann = row(small, "training", "two", "ann")
    assert (ann["label"], ann["redemptions"]) == (1, 2)
    assert row(small, "scoring", "", "ann")["redemptions"] == 3


def test_a_conversion_for_what_contacted_nobody_is_no_redemption(small: Warehouse) -> None:
    small.convert("of the web alone", "ann", "2020-04-01")
    assert row(small, "scoring", "", "ann")["redemptions"] == 2


def purposes(warehouse: Warehouse, **options: int) -> dict[str, str]:
    for purpose in ("training", "running", "later"):
        build(warehouse.client, SMALL, purpose, PROGRAM, **options)
    found = campaigns(warehouse.client, SMALL, PROGRAM, **options)
    return {one.campaign: one.purpose for one in found}


def test_a_campaign_without_an_end_is_over_after_a_while(small: Warehouse) -> None:
    small.contact("fresh", "2020-05-04", None, "ann")
    small.contact("stale", "2020-05-03 23:59:59", None, "ann", "bob")
    found = purposes(small)
    assert (found["fresh"], found["stale"]) == ("running", "training")
    [stale] = [one for one in campaigns(small.client, SMALL, PROGRAM) if one.campaign == "stale"]
    assert f"{stale.finish:%Y-%m-%d %H:%M:%S}" == "2020-05-31 23:59:59"
    assert purposes(small, offer_days=7)["fresh"] == "training"


def test_it_is_its_last_offer_that_ends_it(small: Warehouse) -> None:
    small.contact("mixed", "2020-03-01", "2020-03-02", "ann")
    small.contact("mixed", "2020-05-10", None, "bob")
    assert purposes(small)["mixed"] == "running"
    assert row(small, "scoring", "", "bob")["campaigns_running"] == 1
    assert row(small, "scoring", "", "ann")["campaigns_running"] == 1  # that of "now" alone


def test_an_offer_that_ends_before_it_begins_teaches_nothing_early(small: Warehouse) -> None:
    small.contact("upside down", "2020-06-02", "2020-01-01", "ann")
    assert purposes(small)["upside down"] == "later"


def test_a_contact_that_is_yet_to_come_changes_nothing(small: Warehouse) -> None:
    build(small.client, SMALL, "training", PROGRAM)
    before = stored(small.client, SMALL, "training", PROGRAM)
    small.earn("cat", "2020-01-10")
    small.contact("two", "2020-06-05", "2020-07-31", "ann", "cat")
    build(small.client, SMALL, "training", PROGRAM)
    pd.testing.assert_frame_equal(stored(small.client, SMALL, "training", PROGRAM), before)


# -- two programs ----------------------------------------------------------------------------------


def test_two_programs_of_one_date_keep_their_own_rows(small: Warehouse) -> None:
    other = "jd-flow-bank"
    small.earn("ann", "2020-01-03", "2020-02-01", spend=77, program=other)
    for program in (PROGRAM, other):
        for purpose in ("training", "scoring"):
            build(small.client, SMALL, purpose, program)
    people = {
        program: set(stored(small.client, SMALL, "scoring", program)["person"])
        for program in (PROGRAM, other)
    }
    assert people == {PROGRAM: {"ann", "bob"}, other: {"ann"}}
    [theirs] = stored(small.client, SMALL, "training", other).to_dict("records")[:1]
    assert theirs["spend_largest_cents"] == 77
    found = {one.campaign: one.people for one in campaigns(small.client, SMALL, other)}
    assert found == {"one": 1, "two": 1}


# -- with the real data --------------------------------------------------------------------------


def test_rows_do_not_know_what_came_after(
    real: Warehouse, engine: Opener, journey: Journey
) -> None:
    """A warehouse without anything from the date on gives the same rows as one with all."""
    end = pd.Timestamp(AS_OF)
    past = engine()
    past.fill(
        replace(
            journey,
            baskets=journey.baskets[journey.baskets["time"] < end],
            campaigns=journey.campaigns[journey.campaigns["start"] < end],
            redemptions=journey.redemptions[journey.redemptions["time"] < end],
        )
    )
    for purpose in ("training", "scoring"):
        build(past.client, AS_OF, purpose, PROGRAM)
        build(real.client, AS_OF, purpose, PROGRAM)
        pd.testing.assert_frame_equal(
            stored(past.client, AS_OF, purpose, PROGRAM),
            stored(real.client, AS_OF, purpose, PROGRAM),
        )


def test_a_campaigns_rows_do_not_know_what_came_after_its_start(engine: Opener) -> None:
    """Purchases, contacts and redemptions from the start on change labels at most."""
    plain, noisy = engine(), engine()
    for one in (plain, noisy):
        one.earn("ann", "2020-01-01", "2020-02-20")
        one.contact("one", "2020-03-01", "2020-03-31 23:59:59", "ann")
    noisy.earn("ann", "2020-03-01", "2020-03-02", "2020-05-01", spend=99_999)
    noisy.contact("two", "2020-03-01", "2020-03-31 23:59:59", "ann")
    noisy.convert("one", "ann", "2020-03-01", "2020-03-15")
    rows = []
    for one in (plain, noisy):
        build(one.client, SMALL, "training", PROGRAM)
        table = stored(one.client, SMALL, "training", PROGRAM)
        rows.append(table[table["campaign"] == "one"][["at", *NAMES]])
    pd.testing.assert_frame_equal(*rows)


def test_every_row_counts_as_pandas_counts(real: Warehouse, journey: Journey) -> None:
    build(real.client, AS_OF, "training", PROGRAM)
    table = stored(real.client, AS_OF, "training", PROGRAM)
    ended = journey.campaigns[journey.campaigns["until"] < pd.Timestamp(AS_OF)]
    ended = ended[ended["start"] > journey.baskets["time"].min()]
    opened = journey.baskets.groupby("household")["time"].min()
    ended = ended[ended["household"].map(opened) < ended["start"]]
    pairs = zip(ended["campaign"], "cj:" + ended["household"].astype(str), strict=True)
    assert set(zip(table["campaign"], table["person"], strict=True)) == set(pairs)

    redeemed = journey.redemptions.groupby(["campaign", "household"]).size()
    told = ended.set_index(["campaign", "household"]).index.isin(redeemed.index)
    assert int(table["label"].sum()) == int(told.sum())


@pytest.mark.parametrize("place", [0, 500, 1_500, 2_700, 3_700])
def test_a_real_households_features_are_those_of_pandas(
    real: Warehouse, journey: Journey, place: int
) -> None:
    build(real.client, AS_OF, "training", PROGRAM)
    found = stored(real.client, AS_OF, "training", PROGRAM).iloc[place]
    expected = by_pandas(journey, int(found["person"].removeprefix("cj:")), found["at"])
    assert {name: found[name] for name in expected} == pytest.approx(expected, nan_ok=True)
    assert set(expected) == set(NAMES) - {"channel"}


def by_pandas(journey: Journey, household: int, at: pd.Timestamp) -> dict[str, float]:
    """Compute the features of `household` at `at` from the raw files, without our queries."""
    baskets, told, redeemed = (
        frame[(frame["household"] == household) & (frame[time] < at)]
        for frame, time in (
            (journey.baskets, "time"),
            (journey.campaigns, "start"),
            (journey.redemptions, "time"),
        )
    )

    def within(frame: pd.DataFrame, days: int) -> pd.DataFrame:
        return frame[frame["time"] >= at - pd.Timedelta(days=days)]

    def days(moment: pd.Timestamp) -> float:
        return float((at - moment).total_seconds() / 86_400)

    month, quarter = within(baskets, 28), within(baskets, 84)
    names = redeemed["campaign"].nunique()
    return {
        "recency_days": days(baskets["time"].max()),
        "tenure_days": days(baskets["time"].min()),
        "purchases_7d": len(within(baskets, 7)),
        "purchases_28d": len(month),
        "purchases_84d": len(quarter),
        "purchase_days_84d": quarter["time"].dt.date.nunique(),
        "spend_28d_cents": month["cents"].sum(),
        "spend_84d_cents": quarter["cents"].sum(),
        "spend_largest_cents": baskets["cents"].max(),
        "spend_average_cents": baskets["cents"].mean(),
        "spend_trend": 3 * month["cents"].sum() / quarter["cents"].sum(),
        "campaigns_contacted": len(told),
        "campaigns_running": int((told["until"] >= at).sum()),
        "contact_recency_days": days(told["start"].max()),
        "redemptions": len(redeemed),
        "redemptions_90d": len(within(redeemed, 90)),
        "campaigns_redeemed": names,
        "redemption_recency_days": days(redeemed["time"].max()),
        "redemption_rate": names / len(told) if len(told) else float("nan"),
    }
