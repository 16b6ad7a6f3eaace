"""A simulated week, its last evening in a tea house, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowdrop.output import say
from flowdrop.settings import Addresses, load
from local.demo.facts import CITY_PEOPLE, CITY_SEED
from local.demo.rules import TOLD, close_gate
from local.demo.run import options

if TYPE_CHECKING:
    from pathlib import Path

    from local.demo.run import Demo

CITY = {"people": CITY_PEOPLE, "days": 7, "seed": CITY_SEED, "start": "2026-01-01"}
WALLETS_OPEN_BY, MONTH = "2026-01-07T11:59:00", "2026-01"
TEA_HOUSE = "tea-house"
LUCKIEST = 5  # draws that are shown


def live(demo: Demo) -> None:
    """Publish rules that close a carrier's gate, then a simulated week and its last evening."""
    close_gate(_programs(demo))
    published = demo.ask("programs", "publish")
    demo.check("programs published", 5, len(published["programs"]))
    week = demo.ask("replay", "city", *options(CITY))
    demo.check("events of a simulated week", 27_168, sum(week["events"].values()))
    demo.ask("replay", "evening", "--until", WALLETS_OPEN_BY)
    demo.ask("replay", "evening")  # what is already there changes nothing


def day(demo: Demo) -> None:
    """Report what became of that evening: the packet, the gate, the purchase, who is owed what."""
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
    """Print the month of the campaign and of everybody, and check what is known about both."""
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


def _programs(demo: Demo) -> Path:
    return demo.place / "programs"
