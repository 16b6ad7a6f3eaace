"""The stages of `flowdrop demo`, in order, and what each one claims."""

from __future__ import annotations

from local.demo.facts import DAYS
from local.demo.run import Stage
from local.demo.stages.agreement import reconcile, settle
from local.demo.stages.city import day, live
from local.demo.stages.drops import drop
from local.demo.stages.loop import answered, measured
from local.demo.stages.replays import replay_hillstrom, replay_journey
from local.demo.stages.reports import report
from local.demo.stages.scores import score, score_again
from local.demo.stages.start import start

STAGES = (
    Stage("start Kafka, ClickHouse, worker, feed, Airflow and the console", start),
    Stage("replay Hillstrom's e-mail experiment", replay_hillstrom),
    Stage("replay The Complete Journey", replay_journey),
    Stage("let worker and feed catch up, then reconcile", settle),
    Stage("reports of reach and lift", report),
    Stage(f"score every household as of {DAYS[0]} under Airflow", score),
    Stage("a simulated city, and a day in it", live),
    Stage("two targeted drops: create, preview, launch, launch again", drop),
    Stage("a drop for the city's people, and what they do about it", answered),
    Stage("reconcile log, table and warehouse", reconcile),
    Stage("lift of that drop, beside the truth", measured),
    Stage(f"score as of {DAYS[1]}, with the drops in the warehouse", score_again),
    Stage("the city's day: red packet, closed gate, purchase with reward, settlement", day),
)
