"""The stages of `flowdrop demo`, in order, and what each one claims."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import click

from flowdrop.output import say
from flowdrop.settings import Addresses, load
from local.dagruns import FINAL, AirflowClient
from local.demo import Stage
from local.gate import TOLD, close_gate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.demo import Demo

DAYS = date(2017, 10, 23), date(2017, 10, 30)  # Mondays: before the drops, and after them
DAG, LAST_TASK = "score_users", "freeze"
DROP, OPEN_DROP = "demo", "demo-open"  # the second names no end
OFFER = timedelta(days=14)

CITY = {"people": 1_000, "days": 7, "seed": 7, "start": "2026-01-01"}
WALLETS_OPEN_BY, MONTH = "2026-01-07T11:59:00", "2026-01"
TEA_HOUSE = "tea-house"
LUCKIEST = 5  # draws that are shown

# What the raw files say; tests compute the same with pandas.
VISIT_RATES = {"none": "10.62 %", "mens": "18.28 %", "womens": "15.14 %"}
CONVERSION_RATES = {"none": "0.57 %", "mens": "1.25 %", "womens": "0.88 %"}
REACHES = {"cj-8": 1076, "cj-13": 1077, "cj-18": 1133}


def start(demo: Demo) -> None:
    """Start every part."""
    # the DAG's schedule is told to make up for two Mondays of the year that was replayed
    first, last = map(str, DAYS)
    demo.run("up", FLOWDROP_SCORE_FIRST=first, FLOWDROP_SCORE_LAST=last)
    running = demo.ask("status", fails=True)
    dead = [row["part"] for row in running if row["state"] != "running"]
    demo.check("parts that do not run", "none", ", ".join(dead) or "none")


def replay_hillstrom(demo: Demo) -> None:
    """Publish the e-mail experiment."""
    summary = demo.ask("replay", "hillstrom")
    demo.check("people assigned to an arm", 64_000, summary["events"][_type("assignment")])


def replay_journey(demo: Demo) -> None:
    """Publish the year of the households."""
    summary = demo.ask("replay", "complete-journey")
    demo.check("coupon redemptions sent", 2_102, summary["events"][_type("conversion")])


def settle(demo: Demo) -> None:
    """Wait until the worker has folded everything and the feed has brought it to ClickHouse."""
    _reconcile(demo, "after the replays")


def report(demo: Demo) -> None:
    """Ask for the reports whose numbers are known from the raw files."""
    arms = {arm["arm"]: arm for arm in demo.ask("report", "lift", "hillstrom")["arms"]}
    for name, rate in VISIT_RATES.items():
        demo.check(f"Hillstrom visit rate, {name}", rate, _percent(arms[name]["visit_rate"]))
    for name, rate in CONVERSION_RATES.items():
        got = _percent(arms[name]["conversion_rate"])
        demo.check(f"Hillstrom conversion rate, {name}", rate, got)
    for campaign, reach in REACHES.items():
        got = demo.ask("report", "reach", campaign)["reach"]
        demo.check(f"households reached, {campaign}", reach, got)


def score(demo: Demo) -> None:
    """Run the DAG for the first date under Airflow's scheduler, then say how good its model is.

    The next date has to wait for the drops, so the schedule is paused while the last task runs.
    """
    client = _airflow()
    _watch(client, DAYS[0], pause_at=LAST_TASK)
    _judged(demo, DAYS[0])


def score_again(demo: Demo) -> None:
    """Let the schedule go on: the next date, with two drops among what the warehouse holds."""
    client = _airflow()
    _watch(client, DAYS[1])
    for day in DAYS:
        state = client.run_state(DAG, client.scheduled(DAG, day))
        demo.check(f"Airflow's run of {DAG} for {day}", "success", state)
    found = _judged(demo, DAYS[1])
    expected = f"{DROP}, {OPEN_DROP}"
    demo.check("drops that are not over, and so judge no model", expected, ", ".join(found))


def _airflow() -> AirflowClient:
    addresses = load(Addresses)
    return AirflowClient(addresses.airflow, addresses.airflow_password.get_secret_value())


def _watch(client: AirflowClient, day: date, *, pause_at: str | None = None) -> None:
    """Tell each change of the tasks of the run for `day`, to its end.

    With `pause_at`, the DAG is paused once that task, the last, runs; the run's end is then told
    when the DAG goes on.
    """
    run = client.scheduled(DAG, day)
    for task in client.watch(DAG, run):
        if task.state in {"running", *FINAL}:
            took = f"{task.seconds:5.1f} s" if task.state in FINAL and task.seconds else ""
            say(f"  {task.name:<10} {task.state:<8} {took}".rstrip())
            if task.name == pause_at:
                client.pause(DAG)
        if task.name == pause_at and task.state in FINAL:
            break
    failed = [task for task in client.tasks(DAG, run) if task.state == "failed"]
    if failed:
        say(client.log(DAG, run, failed[0])[-15:])
        raise click.ClickException(f"task {failed[0].name} failed; its last lines are above")


def _judged(demo: Demo, day: date) -> list[str]:
    """Check that the model of `day` beats the baseline; return the campaigns that are not over."""
    found = demo.ask("models", "evaluate", "--as-of", str(day))
    decides = next(one for one in found["evaluations"] if one["scope"] == found["decides"])
    name = (
        f"AUC on campaigns after {day} ({decides['scope']}), against the rate of past redemptions"
    )
    baseline, auc = decides["baseline_auc"], decides["auc"]
    demo.check(name, f"> {baseline:.3f}", f"{auc:.3f}", held=auc > baseline)
    not_over: list[str] = decides["open_campaigns"]
    return not_over


def live(demo: Demo) -> None:
    """Publish rules that close a carrier's gate, then a simulated week and its last evening."""
    close_gate(_programs(demo))
    published = demo.ask("programs", "publish")
    demo.check("programs published", 5, len(published["programs"]))
    week = demo.ask("replay", "city", *_options(CITY))
    demo.check("events of a simulated week", 8_596, sum(week["events"].values()))
    demo.ask("replay", "evening", "--until", WALLETS_OPEN_BY)
    demo.ask("replay", "evening")  # what is there already changes nothing


def drop(demo: Demo) -> None:
    """Create, preview, launch and follow a targeted drop, then one that names no end."""
    terms = {
        "program": "liuliangbao",
        "budget": 100_000,
        "amount": 200,
        "audience": f"redeemers-{DAYS[0]}",
        "holdout": 0.1,
    }
    until = {"until": (datetime.now(UTC) + OFFER).date()}
    demo.ask("drop", "create", DROP, *_options(terms | until))
    preview = demo.ask("drop", "preview", DROP)
    launched = demo.ask("drop", "launch", DROP, "--yes")
    for key in ("treated", "holdout", "cost"):
        demo.check(f"launch as in the preview, {key}", preview[key], launched[key])
    again = demo.ask("drop", "launch", DROP, "--yes")
    demo.check("launched again, treated", launched["treated"], again["treated"])
    demo.ask("drop", "create", OPEN_DROP, *_options(terms | {"amount": 10, "budget": 1_000}))
    demo.ask("drop", "launch", OPEN_DROP, "--yes")


def reconcile(demo: Demo) -> None:
    """Prove that everything agrees, then that the drop granted what it said."""
    _reconcile(demo, "at the end")
    shown = demo.ask("drop", "show", DROP)
    demo.check("people granted coins", shown["treated"], shown["granted"])
    demo.check(
        "coins granted within the budget",
        f"<= {shown['budget']:,}",
        shown["granted_coins"],
        held=shown["granted_coins"] <= shown["budget"],
    )


def day(demo: Demo) -> None:
    """Tell what became of that evening: the packet, the gate, the purchase, who is owed what."""
    draws = demo.ask("packets", "luckiest", "--campaign", TEA_HOUSE, "--limit", "1000")
    say("  the luckiest draws from the red packet:")
    say(f"    {draw['claimer']:<16} {draw['coins']} coins" for draw in draws[:LUCKIEST])
    demo.check("of 80 guests have drawn", 60, len(draws))
    demo.check("coins that they drew", 600, sum(draw["coins"] for draw in draws))
    told = demo.ask("ledger", "trace", "evening/redeem-unicom")
    refused = [
        f"{record['reason']}: {record['detail']}"
        for subject in told["subjects"]
        for record in subject["records"]
        if record["outcome"] == "refused"
    ]
    demo.check("why a redemption was refused", f"carrier_closed: {TOLD}", " ".join(refused))
    _settled(demo)


def _settled(demo: Demo) -> None:
    """Print the month of the campaign and of everybody, and check what is known of both."""
    own = ("settlement", "--party", f"advertiser:{TEA_HOUSE}", "--month", MONTH)
    demo.show(*own)
    [account] = demo.ask(*own)["programs"]
    budget = account["budget"]
    demo.check("coins for a purchase of 49.00, 245, and for a friend, 20", 265, budget["granted"])
    demo.check("coins in the red packet", 600, budget["in_packets"])
    demo.check("coins of 3,000 owed to the tea house", 2_135, account["owed"]["coins"])
    demo.show("settlement", "--all", "--month", MONTH)
    everyone = demo.ask("settlement", "--all", "--month", MONTH)
    demo.check("all parties together differ from the ledger", 0, len(everyone["differences"]))
    say(f"  in the console: {load(Addresses).console}/settlement?month={MONTH}")


STAGES = (
    Stage("start Kafka, ClickHouse, worker, feed, Airflow and the console", start),
    Stage("replay Hillstrom's e-mail experiment", replay_hillstrom),
    Stage("replay The Complete Journey", replay_journey),
    Stage("let worker and feed catch up, then reconcile", settle),
    Stage("reports of reach and lift", report),
    Stage(f"score every household as of {DAYS[0]} under Airflow", score),
    Stage("a simulated city, and a day in it", live),
    Stage("two targeted drops: create, preview, launch, launch again", drop),
    Stage("reconcile log, table and warehouse", reconcile),
    Stage(f"score as of {DAYS[1]}, with the drops in the warehouse", score_again),
    Stage("the city's day: red packet, closed gate, purchase with reward, settlement", day),
)


def _reconcile(demo: Demo, when: str) -> None:
    found = demo.ask("reconcile", "--wait", "180", fails=True)
    for check in found["checks"]:
        demo.check(f"{check['name']}, {when}", "holds", check["detail"], held=check["held"])


def _options(terms: Mapping[str, object]) -> list[str]:
    return [text for name, value in terms.items() for text in (f"--{name}", str(value))]


def _programs(demo: Demo) -> Path:
    return demo.place / "programs"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _type(name: str) -> str:
    return f"flowdrop.campaign.{name}"
