"""The truth of a city as Parquet files, which only tests and benchmarks may read.

    people.parquet a row per person: carrier, age, consent, whether they have a wallet
    campaigns.parquet a row per campaign: days, budget, true reach and impressions
    arms.parquet a row per arm: people, what they did, what they would have done, the effect
    outcomes.parquet a row per person assigned: arm, impressions, outcome and chance in each arm
    frequency.parquet a row per campaign and number of viewable impressions, up to 10 and more
    invalid.parquet a row per campaign and rule: exposures and clicks of the machines that break it

docs/city.md describes the columns. Nobody else in flowdrop may know what is written here: a report
or a model that could look would prove nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.city import people as inhabitants
from scenarios.city.foresight import Foresight
from scenarios.city.marketing import UNASSIGNED
from scenarios.city.outcomes import effects_of, outcomes
from scenarios.city.plan import FARM, MACHINES
from scenarios.city.plan import name as name_of
from scenarios.city.records import TEXTS
from scenarios.city.worlds import KINDS, kinds

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from scenarios.city.marketing import Campaign
    from scenarios.city.outcomes import Outcomes
    from scenarios.city.plan import World
    from scenarios.city.wallets import Wallets

BLOCK_PEOPLE = 65_536
FARMER = "packet_farmer"  # who is shown nothing
BINS = 10  # the last is "that many or more"
ARMS_MAX = 3

PEOPLE = pa.schema(
    {
        "person": pa.string(),
        "carrier": pa.string(),
        "age": pa.uint8(),
        "habit": pa.string(),
        "activity": pa.float32(),
        "kind": pa.string(),
        "consents": pa.bool_(),
        "withdraw_day": pa.uint16(),
        "has_wallet": pa.bool_(),
        "is_bot": pa.bool_(),
        "machine": pa.string(),
    }
)
CAMPAIGNS = pa.schema(
    {
        "campaign": pa.string(),
        "advertiser": pa.string(),
        "begins_day": pa.int32(),
        "ends_day": pa.int32(),
        "budget": pa.int64(),
        "assigned": pa.int64(),
        "contacted": pa.int64(),
        "reach": pa.int64(),
        "impressions": pa.int64(),
        "impressions_viewable": pa.int64(),
        "impressions_invalid": pa.int64(),
    }
)
ARMS = pa.schema(
    {
        "campaign": pa.string(),
        "arm": pa.string(),
        "probability": pa.float64(),
        "coins": pa.int64(),
        "people": pa.int64(),
        "visited": pa.int64(),
        "converted": pa.int64(),
        "value_cents": pa.int64(),
        "rate": pa.float64(),
        "effect": pa.float64(),
        "visit_effect": pa.float64(),
        "value_effect_cents": pa.float64(),
        "oracle_effect": pa.float64(),
        "seen_effect": pa.float64(),
    }
)
OUTCOMES = pa.schema(
    {
        "campaign": pa.string(),
        "person": pa.string(),
        "arm": pa.string(),
        "contacted": pa.bool_(),
        "impressions": pa.int64(),
        "impressions_viewable": pa.int64(),
        **{
            f"{column}_{arm}": kind
            for arm in range(ARMS_MAX)
            for column, kind in (
                ("converts", pa.bool_()),
                ("visits", pa.bool_()),
                ("value_cents", pa.int64()),
                ("chance", pa.float64()),
            )
        },
        **{f"uplift_{arm}": pa.int8() for arm in range(1, ARMS_MAX)},
        **{f"foreseen_{arm}": pa.float64() for arm in range(1, ARMS_MAX)},
    }
)
FREQUENCY = pa.schema({"campaign": pa.string(), "impressions": pa.int64(), "people": pa.int64()})

INVALID = pa.schema(
    {
        "campaign": pa.string(),
        "rule": pa.string(),
        "exposures": pa.int64(),
        "clicks": pa.int64(),
    }
)

FILES = {
    "people": PEOPLE,
    "campaigns": CAMPAIGNS,
    "arms": ARMS,
    "outcomes": OUTCOMES,
    "frequency": FREQUENCY,
    "invalid": INVALID,
}


class Truth:
    """Writes the files of one city into a folder: a campaign when it ends, people at the end.

    Raises:
        click.ClickException: when a file can't be written.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._seed = seed
        self._foresight: Foresight | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._files = {
                name: pq.ParquetWriter(folder / f"{name}.parquet", schema)
                for name, schema in FILES.items()
            }
        except OSError as error:
            raise click.ClickException(
                f"--truth {folder}: the truth can't be written there: {error}; name another folder"
            ) from error

    def _write(self, name: str, columns: dict[str, Any]) -> None:
        count = max(len(c) for c in columns.values() if isinstance(c, np.ndarray | list))
        full = {
            column: value if isinstance(value, np.ndarray | list) else [value] * count
            for column, value in columns.items()
        }
        self._files[name].write_table(pa.table(full, schema=FILES[name]))

    def campaign(self, campaign: Campaign, world: World) -> None:
        """Write everything about a campaign that has ended; campaigns in their order."""
        if self._foresight is None:
            self._foresight = Foresight(world, self._seed, len(campaign.arm))
        name = f"city-{self._seed}-{campaign.number}"
        assigned = np.flatnonzero(campaign.arm != UNASSIGNED)
        sums = [_Sums() for _ in campaign.form.arms]
        for start in range(0, len(assigned), BLOCK_PEOPLE):
            block = assigned[start : start + BLOCK_PEOPLE]
            self._outcomes(name, campaign, block, sums, self._foresight)
        self._arms(name, campaign, sums)
        viewable = campaign.viewable.astype(np.int64)
        bins = np.bincount(np.minimum(viewable, BINS), minlength=BINS + 1)[1:]
        self._write(
            "frequency",
            {"campaign": name, "impressions": np.arange(1, BINS + 1), "people": bins},
        )
        shown = int(campaign.exposures.sum(dtype=np.int64))
        invalid = int(sum(exposures for exposures, _ in campaign.invalid.values()))
        self._write(
            "campaigns",
            {
                "campaign": [name],
                "advertiser": campaign.form.advertiser,
                "begins_day": campaign.begins,
                "ends_day": campaign.ends,
                "budget": campaign.budget,
                "assigned": len(assigned),
                "contacted": int(campaign.contacted.sum()),
                "reach": int(bins.sum()),
                "impressions": shown + invalid,
                "impressions_viewable": int(viewable.sum()),
                "impressions_invalid": invalid,
            },
        )
        exposures, clicks = zip(*campaign.invalid.values(), strict=True)
        self._write(
            "invalid",
            {
                "campaign": name,
                "rule": list(campaign.invalid),
                "exposures": list(exposures),
                "clicks": list(clicks),
            },
        )

    def _outcomes(
        self,
        name: str,
        campaign: Campaign,
        person: NDArray[np.int64],
        sums: list[_Sums],
        foresight: Foresight,
    ) -> None:
        """Write a block of people, and add what they do in every arm."""
        arm = campaign.arm[person]
        columns: dict[str, Any] = {
            "campaign": name,
            "person": [name_of(self._seed, number) for number in person.tolist()],
            "arm": np.array([TEXTS["arm"][a.name] for a in campaign.form.arms])[arm],
            "contacted": campaign.contacted[person],
            "impressions": campaign.exposures[person].astype(np.int64),
            "impressions_viewable": campaign.viewable[person].astype(np.int64),
        }
        effects, world = effects_of(arm, campaign.form.effects), foresight.world
        own = outcomes(self._seed, campaign.number, person, effects, world)
        for number in range(ARMS_MAX):
            known = number < len(campaign.form.arms)
            effect = campaign.form.effects[number] if known else 0.0
            found = outcomes(self._seed, campaign.number, person, effect, world)
            for column, value in (
                ("converts", found.converts),
                ("visits", found.visits),
                ("value_cents", found.value),
                ("chance", found.chance),
            ):
                columns[f"{column}_{number}"] = value if known else None
            if number == 0:
                without = found
            elif known:
                uplift = found.converts.astype(np.int8) - without.converts.astype(np.int8)
                columns[f"uplift_{number}"] = uplift
                foreseen = foresight.effects(person, effect)
                columns[f"foreseen_{number}"] = foreseen
                sums[number].choose(found.chance - without.chance, foreseen)
            else:
                columns[f"uplift_{number}"] = columns[f"foreseen_{number}"] = None
            if known:
                sums[number].add(found, arm == number, own)
        foresight.learn(person, effects, own)
        self._write("outcomes", columns)

    def _arms(self, name: str, campaign: Campaign, sums: list[_Sums]) -> None:
        everyone = max(1, sums[0].everyone)
        control = sums[0]
        for arm, found in zip(campaign.form.arms, sums, strict=True):
            self._write(
                "arms",
                {
                    "campaign": [name],
                    "arm": TEXTS["arm"][arm.name],
                    "probability": arm.probability,
                    "coins": arm.coins,
                    "people": found.people,
                    "visited": found.visited,
                    "converted": found.converted,
                    "value_cents": found.value,
                    "rate": found.would_convert / everyone,
                    "effect": (found.would_convert - control.would_convert) / everyone,
                    "visit_effect": (found.would_visit - control.would_visit) / everyone,
                    "value_effect_cents": (found.would_spend - control.would_spend) / everyone,
                    "oracle_effect": found.by_oracle / everyone,
                    "seen_effect": found.by_sight / everyone,
                },
            )

    def close(self, wallets: Wallets) -> None:
        """Write the people, and close the files."""
        people = wallets.people
        plan = people.plan
        for start in range(0, plan.people, BLOCK_PEOPLE):
            block = slice(start, min(start + BLOCK_PEOPLE, plan.people))
            self._write(
                "people",
                {
                    "person": _names(self._seed, block.start, block.stop),
                    "carrier": np.array(inhabitants.CARRIERS)[people.carrier[block]],
                    "age": people.age[block],
                    "habit": np.array(inhabitants.HABITS)[people.habit[block]],
                    "activity": people.activity[block],
                    "kind": self._kinds(plan.world, np.arange(block.start, block.stop)),
                    "consents": people.consents[block],
                    "withdraw_day": people.withdraw_day[block],
                    "has_wallet": wallets.is_open[block],
                    "is_bot": False,
                    "machine": None,
                },
            )
        machines = {kind: plan.machine(kind).tolist() for kind in (*MACHINES, FARM)}
        for kind, numbers in {**machines, FARMER: [plan.farmer]}.items():
            names = [name_of(self._seed, number) for number in numbers]
            self._write(
                "people",
                dict.fromkeys(PEOPLE.names)
                | {"person": names, "consents": False, "has_wallet": kind in {FARM, FARMER}}
                | {"is_bot": True, "machine": kind},
            )
        self.end()

    def _kinds(self, world: World, person: NDArray[np.int64]) -> NDArray[Any] | None:
        return None if world == "unseen" else np.array(KINDS)[kinds(self._seed, person)]

    def end(self) -> None:
        """Close the files, whatever is in them."""
        for file in self._files.values():
            file.close()


class _Sums:
    """What an arm's people did, and what everyone assigned would have done in it."""

    def __init__(self) -> None:
        self.everyone = self.people = 0
        self.visited = self.converted = self.value = 0
        self.would_visit = self.would_convert = self.would_spend = 0
        self.by_oracle = self.by_sight = 0.0

    def choose(self, change: NDArray[np.float64], foreseen: NDArray[np.float64]) -> None:
        """Add a block of people: the change if the best are asked, by their effect or by sight."""
        self.by_oracle += float(change[change > 0].sum())
        self.by_sight += float(change[foreseen > 0].sum())

    def add(self, in_it: Outcomes, is_in: NDArray[np.bool_], own: Outcomes) -> None:
        """Add a block of people: what they do in this arm, and who is in it."""
        self.everyone += len(is_in)
        self.people += int(is_in.sum())
        self.visited += int(own.visits[is_in].sum())
        self.converted += int(own.converts[is_in].sum())
        self.value += int(own.value[is_in].sum())
        self.would_visit += int(in_it.visits.sum())
        self.would_convert += int(in_it.converts.sum())
        self.would_spend += int(in_it.value.sum())


def _names(seed: int, start: int, stop: int) -> list[str]:
    return [name_of(seed, number) for number in range(start, stop)]
