"""Programs: the files we ship, and what is said of one that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.programs import FOLDER, ProgramError, load, read

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
        ("cents_per_coin = 100", 'cents_per_coin = "1"', "Expected `int | null`, got `str`"),
        ("cents_per_coin = 100", "cent_per_coin = 100", "unknown field `cent_per_coin`"),
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
        ("[deposits]", "[fees.x]", "unknown field `fees`"),
        ('carrier = "unicom"', 'carrier = "mobile"', "deposits.carrier = 'mobile' is none of"),
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
    with pytest.raises(ProgramError, match=r"so it needs a table \[deposits\]"):
        read(path)


def test_a_folder_without_programs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="FLOWDROP_PROGRAMS"):
        load(tmp_path)
