"""The ledger.postings record: what the ledger made of one record of wallet.events.

Its fields are the columns of the table `ledger_results`; times are microseconds since 1970, UTC.
A field at its default is left out of the JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from streams import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ASKED = "asked"  # what an operation returns that another partition has to answer


class Posting(NamedTuple):
    """What one event did to one account; `balance`, `version` and `pending` are those after it."""

    account: str
    kind: str
    amount: int
    balance: int
    version: int
    pending: int


class Postings(msgspec.Struct, frozen=True, gc=False):
    """The postings of one event as parallel tuples, the shape of ClickHouse's `posting.*`.

    Iterating gives one `Posting` after the other.
    """

    account: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    amount: tuple[int, ...] = ()
    balance: tuple[int, ...] = ()
    version: tuple[int, ...] = ()
    pending: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.account)

    def __iter__(self) -> Iterator[Posting]:
        columns = (getattr(self, name) for name in Postings.__struct_fields__)
        return map(Posting._make, zip(*columns, strict=True))

    def and_then(self, more: Postings) -> Postings:
        """Return these postings followed by `more`."""
        if not self.account:
            return more
        return Postings(
            *(getattr(self, name) + getattr(more, name) for name in Postings.__struct_fields__)
        )


NO_POSTINGS = Postings()


class Result(msgspec.Struct, omit_defaults=True, gc=False):
    """One record's outcome; see `sql/migrations/002_ledger_results.sql` for each field.

    `amount` is what was moved, or, of what moved nothing, what the event asked for or holds (0 when
    the program's rule would have said).
    """

    source_partition: int
    source_offset: int
    event_id: str
    event_source: str
    type: str
    subject: str
    program: str
    time: int
    outcome: str
    reason: str = ""
    amount: int = 0
    posting: Postings = NO_POSTINGS
    activity: str = ""
    campaign: str = ""
    carrier: str = ""
    counterparty: str = ""
    spend: int | None = None
    step: str = ""
    cause: str = ""
    cause_source: str = ""
    item: str = ""
    points: int = 0
    sharer: str = ""
    network: str = ""
    mb: int = 0


def _tell_nothing(_result: Result, _data: object) -> None:
    pass


def _tell_earn(result: Result, data: events.EarnData) -> None:
    result.activity = data.activity
    result.spend = data.spend


def _tell_budget(
    result: Result, data: events.FundData | events.DefundData | events.GrantData
) -> None:
    result.campaign = data.campaign


def _tell_reward(result: Result, data: events.RewardData) -> None:
    result.campaign = data.campaign
    result.activity = data.rule
    result.cause = data.conversion
    result.cause_source = data.conversion_source or ""
    result.spend = data.value
    result.counterparty = result.sharer = data.to or ""


def _tell_redeem(result: Result, data: events.RedeemData) -> None:
    result.carrier = data.carrier
    if data.network is not None:
        result.network = data.network


def _tell_held(result: Result, data: events.HeldData) -> None:
    result.cause = data.redemption
    result.cause_source = data.redemption_source or ""


def _tell_order_place(result: Result, data: events.OrderPlaceData) -> None:
    result.item = data.item


def _tell_order(result: Result, data: events.OrderData | events.OrderStopData) -> None:
    result.cause = data.order
    result.cause_source = data.order_source or ""


def _tell_points(result: Result, data: events.PointsData) -> None:
    result.counterparty = data.partner
    result.points = data.points


def _tell_transfer(result: Result, data: events.TransferData) -> None:
    result.counterparty = data.to


def _tell_packet_send(result: Result, data: events.PacketSendData) -> None:
    result.counterparty = data.packet
    result.campaign = data.campaign or ""


def _tell_packet_share(result: Result, data: events.PacketShareData) -> None:
    result.sharer = data.sharer


def _tell_packet_claim(result: Result, data: events.PacketClaimData) -> None:
    result.counterparty = data.claimer
    result.cause = data.share or ""
    result.cause_source = data.share_source or ""


def _tell_reverse(result: Result, data: events.ReverseData) -> None:
    TELL[type(data.original)](result, data.original.data)
    result.cause = data.original.id
    result.cause_source = data.original.source


def _tell_verify(result: Result, data: events.VerifyData) -> None:
    result.activity = data.tier
    result.counterparty = data.by


def _tell_close(result: Result, data: events.CloseData) -> None:
    result.counterparty = data.to or ""


def _tell_release(result: Result, data: events.WaitingReleaseData) -> None:
    result.counterparty = data.to


def _tell_leg(result: Result, data: events.LegData) -> None:
    result.step = data.step
    result.cause = data.cause
    result.cause_source = data.cause_source
    result.campaign = data.campaign
    result.counterparty = data.payer


def _tell_key(result: Result, data: events.KeyData) -> None:
    result.step = data.step
    result.item = data.about


def _tell_correction(result: Result, data: events.CorrectionData) -> None:
    result.step = data.step
    result.cause = data.leg.id
    result.cause_source = data.leg.source
    result.counterparty = data.account


# By the event's type: adds to its result what only such events tell.
TELL: dict[type, Callable[[Result, Any], None]] = {
    events.Open: _tell_nothing,
    events.Earn: _tell_earn,
    events.Fund: _tell_budget,
    events.Defund: _tell_budget,
    events.Grant: _tell_budget,
    events.Reward: _tell_reward,
    events.Expire: _tell_nothing,
    events.ReserveAdd: _tell_nothing,
    events.ReserveRemove: _tell_nothing,
    events.Redeem: _tell_redeem,
    events.RedeemSettle: _tell_held,
    events.RedeemFail: _tell_held,
    events.RedeemExpire: _tell_held,
    events.OrderPlace: _tell_order_place,
    events.OrderFulfil: _tell_order,
    events.OrderCancel: _tell_order,
    events.OrderRefund: _tell_order,
    events.PointsIn: _tell_points,
    events.PointsOut: _tell_points,
    events.DepositAdd: _tell_nothing,
    events.DepositCustody: _tell_nothing,
    events.DepositWithdraw: _tell_nothing,
    events.DepositReturn: _tell_nothing,
    events.Transfer: _tell_transfer,
    events.PacketSend: _tell_packet_send,
    events.PacketShare: _tell_packet_share,
    events.PacketClaim: _tell_packet_claim,
    events.PacketExpire: _tell_nothing,
    events.Reverse: _tell_reverse,
    events.Freeze: _tell_nothing,
    events.Unfreeze: _tell_nothing,
    events.Verify: _tell_verify,
    events.Close: _tell_close,
    events.WaitingReturn: _tell_nothing,
    events.WaitingRelease: _tell_release,
    events.Leg: _tell_leg,
    events.ProgramRules: _tell_nothing,
    events.KeyChange: _tell_key,
    events.Correction: _tell_correction,
}


encode_result = msgspec.json.Encoder().encode
decode_result = msgspec.json.Decoder(Result).decode


def encode_results(results: list[Result]) -> list[bytes]:
    """Return each result as JSON."""
    return list(map(encode_result, results))
