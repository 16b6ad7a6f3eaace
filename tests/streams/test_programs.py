"""Programs: the files we ship, and what is said of one that is wrong."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from streams.events.times import microseconds
from streams.ledger.refusals import REFUSALS
from streams.programs import CHINA, FOLDER, Entry, Gate, Operations, ProgramError, load, read
from streams.programs.compiled import tiers_of
from streams.programs.files import TABLES, TABLES_OF_TABLES, problems_of
from streams.programs.lines import line_of

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = (FOLDER / "liuliangbao.toml").read_text(encoding="utf-8")


def test_the_five_programs_are_shipped() -> None:
    assert sorted(load()) == [
        "ali-flow-wallet",
        "jd-flow-bank",
        "liuliangbao",
        "mobile-ailiuliang",
        "unicom-flow-bank",
    ]


def test_liuliangbao_gives_a_coin_for_each_whole_dollar_and_redeems_at_three_carriers() -> None:
    program = load()["liuliangbao"]
    purchase = program.earn["purchase"]
    cents = (0, 99, 100, 1234, 100_000)
    assert [purchase.earned(None, spend) for spend in cents] == [0, 0, 1, 12, 1000]
    assert purchase.earned(5, None) is None
    assert purchase.earned(5, 500) is None
    assert set(program.carriers) == {"telecom", "unicom", "mobile"}
    assert program.title.zh == "流量宝"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cents_per_coin = 100", "cents_per_coin = 0", "earn.purchase.cents_per_coin = 0"),
        (
            "cents_per_coin = 100",
            'cents_per_coin = "1"',
            "cents_per_coin = '1': it must be a whole number, not a text",
        ),
        (
            "cents_per_coin = 100",
            "cent_per_coin = 100",
            "cent_per_coin = 100: not known; leave it out, or write one of title,",
        ),
        ("cents_per_coin = 100", "", "exactly one of `cents_per_coin`, `coins`, `given_max`"),
        ("cents_per_coin = 100", "cents_per_coin = 100\ncoins = 1", "exactly one of"),
        ("[carriers.telecom]", "[carriers.Tele]", "Tele"),
        ("price = 15", "price = 0", "catalogue.song.price = 0"),
        ('kind = "mall"', 'kind = "mal"', "catalogue.umbrella.kind = 'mal'"),
        ("{ coins = 2, points = 5 }", "{ coins = 2 }", "partners.tianyi.points_in"),
        ("coins_max = 500\n", "", "rewards.purchase"),
        ("coins_max = 500\n", "coins = 5\n", "all of `percent`, `coin_cents`, `coins_max`"),
        ('to = "sharer"', 'to = "friend"', "rewards.friend.to = 'friend'"),
        ('coins = "never"', 'coins = "days"', 'needs `days` when `coins` is "days"'),
        ('coins = "never"', 'coins = "never"\ndays = 9', 'needs `days` when `coins` is "days"'),
        ("{ coins = 2, points = 5 }", "{ coins = 2, points = 0.5 }", "tianyi.points_in.points"),
        ('"earn", "fund"', '"earn", "find"', "operations.open.2 = 'find'"),
        ('name = "liuliangbao"', 'name = "other"', "name = 'other'"),
        ('unit = "coin"\nassumption = ', 'unit = "coin"\n# ', "needs `source`"),
        ('name = "liuliangbao"', "name = ", "line 3"),
        ("[coin]", "[coin", "line 7"),
        ('["check-in", "invitation"]', '["chess"]', "departments.growth.activities.0 = 'chess'"),
        ('["check-in", "invitation"]', "[]", "departments.growth.activities"),
        (
            "[departments.growth]",
            """[departments.b]
            title = { zh = "b", en = "b" }
            activities = ["check-in"]
            source = "x"

            [departments.growth]""",
            "the department 'b' answers for it",
        ),
        ("[departments.growth]", "[departments.growth]\nfrom = 2026-01-01", "has no dates"),
    ],
)
def test_a_wrong_file_is_named_with_key_value_and_remedy(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "liuliangbao.toml"
    assert old in SHIPPED
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProgramError) as error:
        read(path)
    assert said in error.value.message
    assert str(path) in error.value.message
    assert "\n" not in error.value.message
    assert len(error.value.message) < 600


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('carrier = "unicom"', 'carrier = "mobile"', "deposits.carrier = 'mobile': the program"),
        ("term_days = 180", "term_days = 0", "deposits.term_days = 0"),
        ("custody_fee = { coins = 5 }", "custody_fee = { coin = 5 }", "deposits.custody_fee"),
    ],
)
def test_deposits_need_what_they_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    shipped = (FOLDER / "unicom-flow-bank.toml").read_text(encoding="utf-8")
    assert old in shipped
    path = tmp_path / "unicom-flow-bank.toml"
    path.write_text(shipped.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProgramError) as error:
        read(path)
    assert said in error.value.message
    without = shipped[: shipped.index("[deposits]")]
    path.write_text(without, encoding="utf-8")
    with pytest.raises(ProgramError, match=r"when no table \[deposits\] is in force"):
        read(path)


def test_a_reserve_needs_to_be_added_to(tmp_path: Path) -> None:
    shipped = (FOLDER / "jd-flow-bank.toml").read_text(encoding="utf-8")
    bound = shipped + '\n[reserve]\nfrom = 2030-01-01\nsource = "the agreement"\n'
    path = tmp_path / "jd-flow-bank.toml"
    path.write_text(bound, encoding="utf-8")
    with pytest.raises(ProgramError, match="in force while reserve_add is closed"):
        read(path)
    path.write_text(bound.replace('"fund",', '"fund", "reserve_add",', 1), encoding="utf-8")
    program = read(path)
    assert program.reserve is None, "not yet"
    assert [later.program.reserve is None for later in program.later] == [False]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"verify", ', "", "verify is closed.*operations.open"),
        (
            "[verification.phone]",
            "[verification.gold]",
            "verification.gold = .*no such tier.*none, phone",
        ),
        ('coins = 0\nper = "use"', 'coins = 1\nper = "use"', "fees.transfer.*only deposits have"),
    ],
)
def test_what_is_in_vain_is_told_by_check_and_stops_nobody(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "liuliangbao.toml"
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    (problem,) = problems_of(path)
    assert re.search(said, str(problem))
    assert read(path).verification


def test_tiers_bind_while_verify_is_open() -> None:
    program = load()["liuliangbao"]
    assert list(tiers_of(program)) == ["", "phone", "identity"]
    assert tiers_of(program)[""].balance_max == 50_000
    closed = Operations(open=program.operations.open - {"verify"}, source="a test")
    assert tiers_of(msgspec.structs.replace(program, operations=closed)) == {}


def test_a_folder_without_programs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="FLOWDROP_PROGRAMS"):
        load(tmp_path)


# -- everything that is wrong, where it stands ----------------------------------------------------

TIERED = (FOLDER / "ali-flow-wallet.toml").read_text(encoding="utf-8")


def line_with(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


def test_every_wrong_thing_is_told_with_its_line(tmp_path: Path) -> None:
    text = (
        TIERED.replace("{ mb = 150, coins = 150 }", "{ mb = 150, coins = 60 }")
        .replace("on_last_day = false", 'on_last_day = "no"')
        .replace("\n[expiry]", "\n[expiri]")
        .replace('source = "redemption tiers of 50 and 200 MB"\nassumption', "# assumption")
    )
    path = tmp_path / "ali-flow-wallet.toml"
    path.write_text(text, encoding="utf-8")
    assert [(problem.line, problem.key) for problem in problems_of(path)] == [
        (line_with(text, "coins = 60"), "carriers.mobile.tiers.2.coins"),
        (line_with(text, "[carriers.unicom]"), "carriers.unicom"),
        (line_with(text, "on_last_day"), "redemption.on_last_day"),
        (line_with(text, "[expiri]"), "expiri"),
    ]
    said = [str(problem) for problem in problems_of(path)]
    assert all(str(path) in one and "; " in one for one in said)
    assert "not more than the 70 of the tier before; list tiers from small to large" in said[0]
    assert "tiers.2.coins = 60: not more" in said[0]
    assert "needs `source`" in said[1]
    assert "a program has name, title" in said[3]


DATED = """
[[earn.check-in]]
title = { zh = "签到", en = "daily check-in" }
coins = 5
until = 2026-03-01
assumption = "first"

[[earn.check-in]]
title = { zh = "签到", en = "daily check-in" }
coins = 8
from = 2026-03-01
until = 2026-03-05T12:00:00+08:00
assumption = "then"
"""


def dated(tmp_path: Path, *, tables: str = DATED, gates: str = "") -> Path:
    start = SHIPPED.index("[earn.check-in]")
    text = SHIPPED[:start] + tables.lstrip() + "\n" + SHIPPED[SHIPPED.index("[earn.game]") :]
    path = tmp_path / "liuliangbao.toml"
    path.write_text(text + gates, encoding="utf-8")
    return path


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


def test_an_entry_is_in_force_from_its_date_until_its_end(tmp_path: Path) -> None:
    program = read(dated(tmp_path))
    coins = {
        time: earn["check-in"].coins if "check-in" in earn else None
        for time in (datetime(2000, 1, 1, tzinfo=UTC), day(1), day(5, 3), day(5, 4), day(31))
        if (earn := program.at(microseconds(time)).earn) is not None
    }
    assert list(coins.values()) == [5, 8, 8, None, None]
    before = microseconds(day(1)) - 1
    assert program.at(before).earn["check-in"].coins == 5
    assert len(program.later) == 2
    assert all(period.program.later == () for period in program.later)


def test_a_gate_is_seen_while_it_is_closed(tmp_path: Path) -> None:
    gates = """
[[carriers.mobile.gates]]
closed = "all"
from = 2026-03-02
until = 2026-03-04
assumption = "works"
"""
    program = read(dated(tmp_path, gates=gates))
    closed = [bool(program.at(microseconds(day(n))).carriers["mobile"].gates) for n in range(1, 5)]
    assert closed == [False, True, True, False]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("from = 2026-03-01\n", "from = 2026-02-28\n", "earn.check-in.1.from = 2026-02-28"),
        ("from = 2026-03-01\n", "", "earn.check-in.1 = "),
        ("until = 2026-03-01\n", "", "in force for ever"),
        ("12:00:00+08:00", "12:00:00", "needs an offset"),
        ("until = 2026-03-05T12", "until = 2026-02-05T12", "must be before `until`"),
        ("until = 2026-03-01", 'until = "March"', "earn.check-in.0.until = 'March'"),
    ],
)
def test_a_wrong_date_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in DATED
    path = dated(tmp_path, tables=DATED.replace(old, new, 1))
    first, *others = problems_of(path)
    assert said in str(first)
    assert not others
    text = path.read_text(encoding="utf-8").splitlines()
    assert first.line >= text.index("[[earn.check-in]]")


def test_what_a_program_always_needs_has_no_gap(tmp_path: Path) -> None:
    path = tmp_path / "liuliangbao.toml"
    path.write_text(SHIPPED.replace("[coin]", "[coin]\nfrom = 2026-01-01"), encoding="utf-8")
    (problem,) = problems_of(path)
    assert (problem.key, problem.line) == ("coin", line_with(SHIPPED, "[coin]"))
    assert "leave out `from`" in problem.remedy


def test_a_line_is_found_below_arrays_of_tables() -> None:
    text = DATED + "[[earn.check-in.more]]\nx = 1\n"
    assert line_of(text, ("earn", "check-in", 0)) == line_with(text, "[[earn.check-in]]")
    assert line_of(text, ("earn", "check-in", 1, "coins")) == line_with(text, "coins = 8")
    assert line_of(text, ("earn", "check-in", 1, "more", 0, "x")) == line_with(text, "x = 1")
    assert line_of(text, ("nothing",)) == 1


# -- the page -------------------------------------------------------------------------------------

PAGE = (FOLDER.parent / "docs" / "programs.md").read_text(encoding="utf-8")


def rows(start: str) -> list[list[str]]:
    table = PAGE[PAGE.index(start) :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table]


def test_the_page_lists_every_program_with_its_name_and_owner() -> None:
    expected = [[f"`{name}`", one.title.zh, one.owner.en] for name, one in load().items()]
    assert [row[:3] for row in rows("| program |")] == expected


def test_the_page_lists_every_table_with_its_keys() -> None:
    common = set(Entry.__struct_fields__)
    expected = {f"[{name}]": kind for name, kind in TABLES.items()}
    expected |= {f"[{name}.<": kind for name, kind in TABLES_OF_TABLES.items()}
    expected["[[carriers.<carrier>.gates]]"] = Gate
    told = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in rows("| table | keys |")}
    assert len(told) == len(expected)
    for table, keys in told.items():
        kind = next(kind for start, kind in expected.items() if table.startswith(start))
        assert keys == [field for field in kind.__struct_fields__ if field not in common]


def test_the_page_names_no_refusal_that_there_is_not() -> None:
    named = {name for row in rows("| table | keys |") for name in re.findall(r"`(\w+)`", row[3])}
    known = {refusal.name for refusal in REFUSALS}
    assert named - known == {"who", "by"}
    assert {"no_such_tier", "carrier_closed", "last_day", "daily_cap", "lifetime_cap"} <= named


def test_the_pages_example_of_dates_is_right(tmp_path: Path) -> None:
    example = PAGE.partition("```toml\n")[2].partition("```")[0]
    program = read(dated(tmp_path, tables=example))
    assert [one.program.earn["check-in"].coins for one in program.later] == [8]


# -- the files we ship ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_file_is_right_and_says_everything(path: Path) -> None:
    assert problems_of(path) == []
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    said = {"coin", "operations", "calendar", "carriers", "expiry", "fees", "verification"}
    assert said | {"compliance"} <= values.keys()
    program = read(path)
    who = program.operations.who
    assert set(who) <= set(program.operations.open)
    for carrier in program.carriers.values():
        assert carrier.tiers or carrier.coins_per_mb, "a carrier has prices"


def test_the_tiers_of_ali_flow_wallet_are_those_published() -> None:
    carriers = load()["ali-flow-wallet"].carriers
    assert {name: [tier.mb for tier in one.tiers] for name, one in carriers.items()} == {
        "mobile": [30, 70, 150, 500, 1000],
        "unicom": [50, 200],
        "telecom": [30, 50, 100, 200, 500, 1000],
        "ali-telecom": [30, 50, 100],
    }
    assert all(tier.coins == tier.mb for one in carriers.values() for tier in one.tiers)


def test_days_and_months_are_those_of_the_calendar() -> None:
    midnight = datetime(2026, 2, 27, 16, tzinfo=UTC)  # the 28th in China
    assert CHINA.is_last_day(midnight)
    assert not CHINA.is_last_day(datetime(2026, 2, 27, 15, 59, tzinfo=UTC))
    assert not CHINA.is_last_day(datetime(2026, 2, 28, 16, tzinfo=UTC))
    assert CHINA.is_last_day(datetime(2024, 2, 29, tzinfo=UTC))
    assert not CHINA.is_last_day(datetime(2024, 2, 28, tzinfo=UTC))
    assert CHINA.month_end(midnight) == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert CHINA.month_end(datetime(2026, 12, 31, 20, tzinfo=UTC)).year == 2027
    days = [CHINA.day_of(microseconds(midnight) + shift) for shift in (-1, 0)]
    assert days[1] - days[0] == 1


def test_redeemed_data_of_ali_flow_wallet_ends_with_the_month() -> None:
    time = datetime(2026, 3, 30, tzinfo=UTC)
    assert load()["ali-flow-wallet"].data_expires(time) == datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert load()["liuliangbao"].data_expires(time) is None


def test_an_entry_has_a_source_or_an_assumption() -> None:
    with pytest.raises(ValueError, match="needs `source`"):
        Entry()
