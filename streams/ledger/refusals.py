"""Every refusal by name, in the order in which the ledger checks, with its remedy."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """Why an event was not applied.

    Attributes:
        name: what results and reports call it.
        code: what accounts remember; never changed, never reused for another.
        sentence: what was wrong.
        remedy: what to do about it.
    """

    name: str
    code: int
    sentence: str
    remedy: str


REFUSALS: tuple[Refusal, ...] = (
    # where and when
    Refusal(
        "unknown_key",
        120,
        "It is signed with a key that the partition does not know.",
        "Introduce a key with `flowdrop ledger keys add` before anything is signed with it.",
    ),
    Refusal(
        "revoked_key",
        121,
        "It is signed with a key that is revoked, or asks that one be used again.",
        "Check who else can write to wallet.events; `flowdrop ledger forged` lists what such a "
        "key brought in before.",
    ),
    Refusal(
        "forged_leg",
        1,
        "The leg's signature is not the ledger's.",
        "Only the ledger writes legs; check who else can write to wallet.events.",
    ),
    Refusal(
        "wrong_partition",
        2,
        "The subject lives on another partition. The worker forwards the record there, once, and "
        "records it as `forwarded`.",
        "Nothing to fix; partitioning by CRC-32 of the key, as `flowdrop replay` does, avoids the "
        "detour.",
    ),
    Refusal(
        "repeated_leg",
        3,
        "The leg has arrived before.",
        "Nothing to do: the coins were credited then. If they were not, another leg came under its "
        "number: see `flowdrop ledger forged`.",
    ),
    Refusal(
        "leg_gap",
        122,
        "The leg's number skips those that have not arrived.",
        "No ledger sends such a leg; check who else can write to wallet.events.",
    ),
    Refusal(
        "forged_rules",
        66,
        "The signature of the rules is not the ledger's, or they are for another account.",
        "Publish rules with `flowdrop programs publish`; check who else can write to "
        "wallet.events.",
    ),
    Refusal(
        "stale_rules",
        67,
        "The partition has later rules of the program.",
        "Nothing to do if it is a repeat; otherwise publish them again.",
    ),
    Refusal(
        "changes_the_past",
        105,
        "The rules would judge a past time differently from those published before.",
        "Leave past periods as they are, and add the change as a new period with `from`.",
    ),
    Refusal(
        "forged_key",
        123,
        "The signature of the key's event is not an operator's, or it is for another account.",
        "Change keys with `flowdrop ledger keys`; check who else can write to wallet.events.",
    ),
    Refusal(
        "known_key",
        124,
        "A key with this id was introduced before.",
        "Nothing to do if it is a repeat; a new key needs an id of its own.",
    ),
    Refusal(
        "key_in_use",
        125,
        "The partition signs with the key.",
        "Nothing to do if the aim was to use it; before it is revoked, take another into use.",
    ),
    Refusal(
        "forged_correction",
        126,
        "The signature of the correction is not an operator's, or it is for another account.",
        "Correct with `flowdrop ledger forged --undo`; check who else can write to wallet.events.",
    ),
    Refusal(
        "repeated_correction",
        127,
        "The leg was undone or delivered before.",
        "Nothing to do.",
    ),
    Refusal(
        "no_correction",
        128,
        "Such a leg brings no coins, and what it led to is not taken back automatically.",
        "See what it caused with `flowdrop ledger trace`, and reverse that.",
    ),
    Refusal(
        "conflict",
        4,
        "The subject already had an event with this source and id but different content.",
        "Give every event of a source an id of its own; a retry sends the same content.",
    ),
    Refusal(
        "in_the_future",
        5,
        "The event's time is further after its arrival than the tolerance allows.",
        "Correct the sender's clock; if the time is right, send the event again once it has come.",
    ),
    Refusal(
        "too_old",
        6,
        "The event is older than the deduplication window.",
        "Send events within `dedup_window_days`, or widen it.",
    ),
    Refusal(
        "forgotten",
        7,
        "So many later events of the subject came before it that a repeat could not be recognised.",
        "Send a subject's events roughly in order of time.",
    ),
    # the program
    Refusal(
        "unknown_program",
        8,
        "There is no such program.",
        "Name one of `programs/*.toml`.",
    ),
    Refusal(
        "operation_closed",
        9,
        "The program does not offer the operation.",
        "See `operations` in the program's file.",
    ),
    # the subject
    Refusal(
        "reserved_name",
        10,
        "The account's name belongs to the ledger.",
        "A wallet's name begins with none of issuer:, budget:, packet:, carrier:, clearing:, "
        "suspense:, claim:, merchant:, order:, partner:, "
        "share:, deposit:, fees:, reward:, reserve:, backing:, bounced:, waiting:, keys:, aside:, "
        "undone:, missing:.",
    ),
    Refusal(
        "wrong_budget",
        11,
        "The subject is neither the reserve nor a shard here of the campaign's budget.",
        "The subject is budget:<campaign>, or budget:<campaign>@<partition>.",
    ),
    Refusal(
        "wrong_reserve",
        99,
        "The subject is neither the program's reserve nor its issuer here.",
        "The subject is reserve:<program>; to take back what an issuer has not issued,"
        " issuer:<program>@<partition>.",
    ),
    Refusal(
        "unknown_packet",
        33,
        "There is no such packet.",
        "See the name in its `packet_send`.",
    ),
    Refusal(
        "unknown_account",
        13,
        "There is no such account.",
        "Open the wallet first.",
    ),
    Refusal(
        "wrong_program",
        14,
        "The account holds coins of another program.",
        "Name the program in which it was opened.",
    ),
    Refusal(
        "frozen",
        15,
        "The account is frozen.",
        "Have it unfrozen.",
    ),
    Refusal(
        "closed",
        16,
        "The account is closed.",
        "Open another.",
    ),
    Refusal(
        "not_frozen",
        40,
        "The wallet is not frozen.",
        "Nothing to do.",
    ),
    Refusal(
        "wrong_packet",
        32,
        "The packet's name is not one on the sender's partition.",
        "Name it packet:<id>@<partition of the sender>, with no @ in the id.",
    ),
    Refusal(
        "already_open",
        12,
        "The wallet exists.",
        "Nothing to do.",
    ),
    # the operation
    Refusal(
        "unknown_activity",
        17,
        "The program has no such activity.",
        "See `earn` in the program's file.",
    ),
    Refusal(
        "wrong_basis",
        18,
        "The activity's rule needs `spend` where `amount` was given, or the other way round.",
        "See the activity in the program's file.",
    ),
    Refusal(
        "over_limit",
        19,
        "The amount is more than the activity may give at once.",
        "See `given_max` in the program's file.",
    ),
    Refusal(
        "unknown_reward",
        95,
        "The program has no such rule for rewards.",
        "See `rewards` in the program's file.",
    ),
    Refusal(
        "wrong_reward",
        96,
        "The rule lacks a `value` or a `to` that it needs, or has a `to` and is for the buyer.",
        "See the rule in the program's file.",
    ),
    Refusal(
        "never_expires",
        98,
        "The program's coins don't expire.",
        "See `expiry` in the program's file.",
    ),
    Refusal(
        "nothing_earned",
        20,
        "The rule gives no coins for this.",
        "Nothing to do.",
    ),
    Refusal(
        "already_rewarded",
        97,
        "The campaign has given this reward to, or for, the person or the conversion.",
        "Nothing to do: each is rewarded once.",
    ),
    Refusal(
        "daily_cap",
        61,
        "The wallet would earn more from the activity than it may in one day.",
        "Earn the rest on another day; see `day_max` in the program's file.",
    ),
    Refusal(
        "lifetime_cap",
        62,
        "The wallet would earn more from the activity than it ever may.",
        "Nothing to do; see `lifetime_max` in the program's file.",
    ),
    Refusal(
        "unknown_carrier",
        21,
        "The program has no such carrier.",
        "See `carriers` in the program's file.",
    ),
    Refusal(
        "carrier_closed",
        63,
        "The carrier's gate is closed, to everyone or to numbers of other networks.",
        "`flowdrop ledger trace <id>` says since when, and what remains open.",
    ),
    Refusal(
        "last_day",
        64,
        "The program redeems nothing on a month's last day.",
        "Redeem on the next day: the month begins then.",
    ),
    Refusal(
        "no_such_tier",
        65,
        "The carrier has no tier at this price.",
        "Redeem the coins of one tier; see `tiers` in the program's file.",
    ),
    Refusal(
        "over_tier_transaction",
        101,
        "A gift, packet or redemption has more coins than the wallet's verification tier allows.",
        "Give or redeem less at a time, or have the owner verified; see `verification` in the "
        "program's file.",
    ),
    Refusal(
        "over_tier_day",
        102,
        "More coins would leave the wallet on that day than its verification tier allows.",
        "Send the rest on another day, or have the owner verified.",
    ),
    Refusal(
        "unknown_item",
        81,
        "The program's catalogue has no such item.",
        "See `catalogue` in the program's file.",
    ),
    Refusal(
        "wrong_price",
        82,
        "The amount is not the item's price times the quantity.",
        "Show the buyer the price in the program's file, and order again.",
    ),
    Refusal(
        "unknown_partner",
        85,
        "The program has no such partner.",
        "See `partners` in the program's file.",
    ),
    Refusal(
        "no_rate",
        86,
        "The partner's points are not exchanged in that direction.",
        "See `points_in` and `points_out` of the partner in the program's file.",
    ),
    Refusal(
        "wrong_rate",
        87,
        "At the partner's rate, this many points are not exactly this many coins.",
        "Show the person the rate in the program's file, and exchange an amount that comes out "
        "whole.",
    ),
    Refusal(
        "bad_term",
        27,
        "`until` or `expires` is not after the event's time.",
        "Give a later one.",
    ),
    Refusal(
        "too_small",
        28,
        "The packet has fewer coins than claims.",
        "Put in at least one coin per claim.",
    ),
    Refusal(
        "id_in_use",
        80,
        "A held redemption, an order or a share has the event's source and id, or 16 sources have"
        " used the id.",
        "Give every event of a source an id of its own.",
    ),
    Refusal(
        "too_many_holds",
        29,
        "The wallet has 16 redemptions and orders that are not resolved.",
        "Settle, fail, expire, fulfil or cancel one of them.",
    ),
    Refusal(
        "unknown_hold",
        30,
        "The wallet has no open redemption with that id.",
        "Name a `redeem` with `until` that was applied and not resolved.",
    ),
    Refusal(
        "unknown_order",
        83,
        "The wallet has no order with that id in a state that allows this.",
        "Name an `order_place` that was applied: held to fulfil or cancel it, fulfilled to refund.",
    ),
    Refusal(
        "already_refunded",
        84,
        "The order has been refunded.",
        "Nothing to do.",
    ),
    Refusal(
        "unknown_original",
        37,
        "The subject had no such applied event, or its coins have already come back.",
        "Give the event as it was sent.",
    ),
    Refusal(
        "forgotten_original",
        109,
        "The event is older than the window in which it may be taken back, or so many of the "
        "subject's came after it that it is not remembered.",
        "Undo it with another event: a gift back, or a grant or earn of the amount.",
    ),
    Refusal(
        "not_answered",
        106,
        "Another partition has been asked for the event, or to take it back, and has not answered.",
        "Wait for the answer, then send it under a new id if it is still wanted.",
    ),
    Refusal(
        "already_reversed",
        38,
        "The event has been reversed.",
        "Nothing to do.",
    ),
    Refusal(
        "not_settled",
        39,
        "The redemption is still held.",
        "Fail or settle it first.",
    ),
    Refusal(
        "wrong_group",
        88,
        "The packet is for a group, and the claim names another or none.",
        "Claim as a member of the group that it was sent for.",
    ),
    Refusal(
        "unknown_share",
        89,
        "The packet was not shared under that id.",
        "Name a `packet_share` of this packet that was applied.",
    ),
    Refusal(
        "ambiguous_reference",
        104,
        "Events of several sources have the id that is referred to, and no source is given.",
        "Give the source of the event meant, as well as its id.",
    ),
    Refusal(
        "wrong_code",
        90,
        "The packet is for those who have its code, and the claim has neither the code nor a "
        "share.",
        "Give the code that it was sent with.",
    ),
    Refusal(
        "already_claimed",
        34,
        "The claimer has drawn from the packet.",
        "Nothing to do: one draw each.",
    ),
    Refusal(
        "packet_expired",
        35,
        "The packet's time is over.",
        "Nothing to do: what was left went back to the sender.",
    ),
    Refusal(
        "packet_empty",
        36,
        "All claims of the packet have been drawn.",
        "Nothing to do.",
    ),
    Refusal(
        "nothing_left",
        91,
        "The function fee would take all of it.",
        "Deposit more at a time; see `deposits` in the program's file.",
    ),
    Refusal(
        "no_deposit",
        92,
        "The wallet's owner has nothing on deposit.",
        "Nothing to do.",
    ),
    Refusal(
        "already_charged",
        93,
        "The month's custody fee has been taken, or that of a later month, or none was due.",
        "Nothing to do.",
    ),
    Refusal(
        "not_due",
        31,
        "It is not due yet.",
        "Send it once it is due.",
    ),
    Refusal(
        "nothing_waiting",
        107,
        "No such coins are waiting for the name.",
        "See `flowdrop ledger waiting`.",
    ),
    Refusal(
        "has_pending",
        41,
        "The wallet has coins held for redemptions or orders.",
        "Settle, fail, expire, fulfil or cancel them first.",
    ),
    Refusal(
        "has_deposit",
        94,
        "The wallet's owner has coins on deposit.",
        "Withdraw them, or have them returned to the number.",
    ),
    Refusal(
        "balance_left",
        42,
        "The wallet has coins left and `to` names nobody.",
        "Name in `to` the wallet that gets them.",
    ),
    # the coins
    Refusal(
        "to_self",
        22,
        "The payer and the payee are the same.",
        "Name another payee.",
    ),
    Refusal(
        "unknown_payee",
        23,
        "The payee's name is one of the ledger's own.",
        "Name a wallet; if there is none yet, the coins wait for it.",
    ),
    Refusal(
        "over_tier_balance",
        103,
        "The wallet would hold more coins than its verification tier allows.",
        "Have its owner spend some, or be verified; see `verification` in the program's file.",
    ),
    Refusal(
        "insufficient_balance",
        24,
        "The paying account has fewer coins available.",
        "Ask for at most what is available.",
    ),
    Refusal(
        "budget_exhausted",
        25,
        "The campaign's budget has fewer coins available, or none.",
        "Fund the reserve, or the shard on the wallet's partition.",
    ),
    Refusal(
        "reserve_exhausted",
        100,
        "The program issues only what its reserve backs, and this partition has leased less.",
        "See `flowdrop compliance reserve`. If there is enough left, a lease is on its way: send "
        "it again under a new id; else add to the reserve.",
    ),
    Refusal(
        "too_many_waiting",
        108,
        "64 gifts are already waiting for the name.",
        "Have its owner open the wallet.",
    ),
    Refusal(
        "balance_limit",
        26,
        "A balance would exceed 10^15 coins.",
        "Split the amount across accounts.",
    ),
)

CODES: dict[str, int] = {"": 0, **{refusal.name: refusal.code for refusal in REFUSALS}}

# What became of an event that was not refused: another partition is asked, for it or to take it
# back; its coins came back by themselves (a redemption that failed or expired, a gift that was sent
# back); it was taken back.
UNANSWERED, REVERSING, RELEASED, REVERSED = 252, 253, 254, 255
APPLIED_CODES = frozenset({0, UNANSWERED, REVERSING, RELEASED, REVERSED})

NAMES: dict[int, str] = {code: name for name, code in CODES.items()} | dict.fromkeys(
    APPLIED_CODES, ""
)

# What depends on the moment (or would be refused the same way for ever) and so is judged again each
# time; and a conflict, whose id already stands for another event. `in_the_future` is about when an
# event was read; a refusal by balance, state or rules is remembered, since a late copy must not
# move money.
NEVER_REMEMBERED = frozenset(
    {"wrong_partition", "conflict", "in_the_future", "too_old", "forgotten"}
)
