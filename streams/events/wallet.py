"""What clients write to the ledger's log: each type below `ClientEvent` is an operation."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from streams.events.envelope import (
    Cents,
    Coins,
    Data,
    Envelope,
    Id,
    Name,
    Reason,
    SourceName,
    Time,
    Verified,
    check_year,
)


class WalletEvent(Envelope, frozen=True):
    """Base of what is in the ledger's log."""


class ClientEvent(WalletEvent, frozen=True):
    """Base of what clients write there: each type below it is an operation."""


class OpenData(Data, frozen=True):
    """Open a wallet in a program."""

    program: Name


class Open(ClientEvent, frozen=True, tag="flowdrop.wallet.open"):
    """A person opened a wallet; `subject` is the new account."""

    data: OpenData


class EarnData(Data, frozen=True):
    """Coins earned by an activity: `amount` as given, or by the program's rule from `spend`."""

    program: Name
    activity: Name
    amount: Coins | None = None
    spend: Cents | None = None
    reference: Name | None = None


class Earn(ClientEvent, frozen=True, tag="flowdrop.wallet.earn"):
    """A person earned coins, minted by the program's issuer."""

    data: EarnData


class FundData(Data, frozen=True):
    """Put coins into a campaign's budget: its reserve, or one shard."""

    program: Name
    campaign: Name
    amount: Coins


class Fund(ClientEvent, frozen=True, tag="flowdrop.wallet.fund"):
    """An enterprise funded a campaign; `subject` is the reserve `budget:<campaign>` or a shard."""

    data: FundData


class DefundData(Data, frozen=True):
    """Take coins out of a campaign's budget: `amount`, or all that is available."""

    program: Name
    campaign: Name
    amount: Coins | None = None


class Defund(ClientEvent, frozen=True, tag="flowdrop.wallet.defund"):
    """An enterprise took back what its campaign did not spend; `subject` as in `fund`."""

    data: DefundData


class GrantData(Data, frozen=True):
    """Coins a campaign gives a person, out of its budget's shard on the person's partition."""

    program: Name
    campaign: Name
    amount: Coins


class Grant(ClientEvent, frozen=True, tag="flowdrop.wallet.grant"):
    """A campaign gave coins to the wallet `subject`."""

    data: GrantData


class RewardData(Data, frozen=True):
    """What a campaign gives by one of the program's rules because `subject` converted.

    With `to` it is for the person who brought them.
    """

    program: Name
    campaign: Name
    rule: Name
    conversion: Id
    conversion_source: SourceName = None
    value: Cents | None = None
    to: Name | None = None


class Reward(ClientEvent, frozen=True, tag="flowdrop.wallet.reward"):
    """A campaign rewarded a conversion of `subject`, out of its budget's shard there."""

    data: RewardData


class ExpireData(Data, frozen=True):
    """A number of coins that the wallet has had since before a time."""

    program: Name
    amount: Coins
    before: Time

    def __post_init__(self) -> None:
        """Check that `before` lies in the allowed years."""
        check_year("before", self.before)


class Expire(ClientEvent, frozen=True, tag="flowdrop.wallet.expire"):
    """Coins of the wallet `subject` expired."""

    data: ExpireData


class ReserveAddData(Data, frozen=True):
    """A number of further coins that a program may have outstanding."""

    program: Name
    amount: Coins


class ReserveAdd(ClientEvent, frozen=True, tag="flowdrop.wallet.reserve_add"):
    """An operator put up the backing of a program's coins; `subject` is `reserve:<program>`."""

    data: ReserveAddData


class ReserveRemoveData(Data, frozen=True):
    """A number of coins that a program may no longer issue: `amount`, or all that is available."""

    program: Name
    amount: Coins | None = None


class ReserveRemove(ClientEvent, frozen=True, tag="flowdrop.wallet.reserve_remove"):
    """Backing not in use was taken out of the reserve, or moved from an issuer back into it.

    `subject` is `reserve:<program>` or `issuer:<program>@<partition>`.
    """

    data: ReserveRemoveData


class RedeemData(Data, frozen=True):
    """Coins turned into data traffic at a carrier; with `until` held until settled."""

    program: Name
    carrier: Name
    amount: Coins
    until: Time | None = None
    network: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=128,
                description="network of the number that gets the data; left out: the carrier's own",
            ),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        """Check that `until` lies in the allowed years."""
        if self.until is not None:
            check_year("until", self.until)


class Redeem(ClientEvent, frozen=True, tag="flowdrop.wallet.redeem"):
    """A person redeemed coins at a carrier."""

    data: RedeemData


class HeldData(Data, frozen=True):
    """Which redemption: the id of its `redeem` event."""

    program: Name
    redemption: Id
    redemption_source: SourceName = None


class RedeemSettle(ClientEvent, frozen=True, tag="flowdrop.wallet.redeem_settle"):
    """The carrier delivered: held coins go to it."""

    data: HeldData


class RedeemFail(ClientEvent, frozen=True, tag="flowdrop.wallet.redeem_fail"):
    """The carrier did not deliver: held coins are free again."""

    data: HeldData


class RedeemExpire(ClientEvent, frozen=True, tag="flowdrop.wallet.redeem_expire"):
    """The carrier did not answer until the time given: held coins are free again."""

    data: HeldData


class OrderPlaceData(Data, frozen=True):
    """A quantity of an item in the program's catalogue, at the price that the buyer was shown."""

    program: Name
    item: Name
    amount: Annotated[int, Meta(ge=1, le=10**15, description="the total price, in flow coins")]
    quantity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    reference: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=128,
                description="the shop's reference to the delivery address",
            ),
        ]
        | None
    ) = None


class OrderPlace(ClientEvent, frozen=True, tag="flowdrop.wallet.order_place"):
    """A person ordered from the catalogue: the coins are held until the merchant has delivered."""

    data: OrderPlaceData


class OrderData(Data, frozen=True):
    """Which order: the id of its `order_place` event."""

    program: Name
    order: Id
    order_source: SourceName = None


class OrderFulfil(ClientEvent, frozen=True, tag="flowdrop.wallet.order_fulfil"):
    """The merchant delivered: held coins go to it."""

    data: OrderData


class OrderStopData(Data, frozen=True):
    """Which order, and why it is cancelled or refunded."""

    program: Name
    order: Id
    order_source: SourceName = None
    reason: Reason = ""


class OrderCancel(ClientEvent, frozen=True, tag="flowdrop.wallet.order_cancel"):
    """Buyer or merchant called an order off before it was delivered: held coins are free again."""

    data: OrderStopData


class OrderRefund(ClientEvent, frozen=True, tag="flowdrop.wallet.order_refund"):
    """The merchant gave the coins of a delivered order back."""

    data: OrderStopData


class PointsData(Data, frozen=True):
    """A number of a partner's points for a number of coins, at the rate shown to the person."""

    program: Name
    partner: Name
    points: Annotated[int, Meta(ge=1, le=10**15, description="the partner's points")]
    amount: Coins


class PointsIn(ClientEvent, frozen=True, tag="flowdrop.wallet.points_in"):
    """A person turned a partner's points into coins: the partner owes for them."""

    data: PointsData


class PointsOut(ClientEvent, frozen=True, tag="flowdrop.wallet.points_out"):
    """A person turned coins into a partner's points: the partner is owed for them."""

    data: PointsData


class DepositAddData(Data, frozen=True):
    """Leftover package data, in coins; the program's function fee is deducted from it."""

    program: Name
    amount: Coins


class DepositAdd(ClientEvent, frozen=True, tag="flowdrop.wallet.deposit_add"):
    """A person deposited leftover package data; the first part begins a term."""

    data: DepositAddData


class DepositCustodyData(Data, frozen=True):
    """The month whose custody fee is due."""

    program: Name
    month: Annotated[str, Meta(pattern=r"^(19[7-9]|20[0-9]|21[0-9])[0-9]-(0[1-9]|1[0-2])$")]


class DepositCustody(ClientEvent, frozen=True, tag="flowdrop.wallet.deposit_custody"):
    """A month's custody fee was taken from the deposit of `subject`."""

    data: DepositCustodyData


class DepositEndData(Data, frozen=True):
    """The whole deposit."""

    program: Name


class DepositWithdraw(ClientEvent, frozen=True, tag="flowdrop.wallet.deposit_withdraw"):
    """A person withdrew the whole deposit into the wallet."""

    data: DepositEndData


class DepositReturn(ClientEvent, frozen=True, tag="flowdrop.wallet.deposit_return"):
    """The term is over: the whole deposit goes back to the person's number, through the carrier."""

    data: DepositEndData


class TransferData(Data, frozen=True):
    """Coins given to another wallet of the same program."""

    program: Name
    to: Name
    amount: Coins
    message: Annotated[str, Meta(max_length=500)] = ""


class Transfer(ClientEvent, frozen=True, tag="flowdrop.wallet.transfer"):
    """A person gave coins to another; `subject` pays."""

    data: TransferData


CampaignName = (
    Annotated[
        str,
        Meta(min_length=1, max_length=128, description="of an enterprise, whose budget then pays"),
    ]
    | None
)
GroupName = (
    Annotated[str, Meta(min_length=1, max_length=128, description="for its members only")] | None
)
CodeName = (
    Annotated[str, Meta(min_length=1, max_length=128, description="only for those who have it")]
    | None
)


class PacketSendData(Data, frozen=True):
    """Coins for the first so many who claim: an equal share for each, or by luck."""

    program: Name
    packet: Annotated[
        str, Meta(min_length=1, max_length=128, description="packet:<id>@<sender's partition>")
    ]
    amount: Coins
    claims: Annotated[int, Meta(ge=1, le=10_000, description="how many may draw")]
    mode: Literal["equal", "lucky"]
    expires: Time
    message: Annotated[str, Meta(max_length=500)] = ""
    campaign: CampaignName = None
    group: GroupName = None
    code: CodeName = None

    def __post_init__(self) -> None:
        """Check that `expires` lies in the allowed years."""
        check_year("expires", self.expires)


class PacketSend(ClientEvent, frozen=True, tag="flowdrop.wallet.packet_send"):
    """A person, or a campaign's budget, put coins into a red packet; `subject` pays."""

    data: PacketSendData


class PacketShareData(Data, frozen=True):
    """Whose claims through this share are."""

    program: Name
    sharer: Name


class PacketShare(ClientEvent, frozen=True, tag="flowdrop.wallet.packet_share"):
    """A person passed the red packet `subject` on; the event's id is the share's code."""

    data: PacketShareData


class PacketClaimData(Data, frozen=True):
    """Draw from a packet, once per person: as a group member, by its code, through a share."""

    program: Name
    claimer: Name
    group: GroupName = None
    code: CodeName = None
    share: (
        Annotated[
            str, Meta(min_length=1, max_length=200, description="the id of its `packet_share`")
        ]
        | None
    ) = None
    share_source: SourceName = None
    message: Annotated[str, Meta(max_length=500, description="the claimer's thanks")] = ""


class PacketClaim(ClientEvent, frozen=True, tag="flowdrop.wallet.packet_claim"):
    """A person drew from the red packet `subject`."""

    data: PacketClaimData


class PacketExpireData(Data, frozen=True):
    """Give back what nobody claimed."""

    program: Name


class PacketExpire(ClientEvent, frozen=True, tag="flowdrop.wallet.packet_expire"):
    """The time of the red packet `subject` is over: what is left goes back to its sender."""

    data: PacketExpireData


# What may be taken back; `streams/ledger/reversals.py` says how, for each.
Original = Earn | Grant | Redeem | Transfer | PointsIn | PointsOut


class ReverseData(Data, frozen=True):
    """Take an applied event back; `original` is the whole event."""

    program: Name
    original: Original
    reason: Reason = ""

    def __post_init__(self) -> None:
        """Check that the original's time lies in the allowed years."""
        check_year("original.time", self.original.time)


class Reverse(ClientEvent, frozen=True, tag="flowdrop.wallet.reverse"):
    """An event of `subject` was taken back."""

    data: ReverseData


class StopData(Data, frozen=True):
    """Why a wallet is frozen, or unfrozen."""

    program: Name
    reason: Reason = ""


class Freeze(ClientEvent, frozen=True, tag="flowdrop.wallet.freeze"):
    """A wallet was frozen: it receives, and does nothing else."""

    data: StopData


class Unfreeze(ClientEvent, frozen=True, tag="flowdrop.wallet.unfreeze"):
    """A frozen wallet was opened again."""

    data: StopData


class VerifyData(Data, frozen=True):
    """How well the wallet's owner is identified from now on, and who verified that."""

    program: Name
    tier: Verified
    by: Name


class Verify(ClientEvent, frozen=True, tag="flowdrop.wallet.verify"):
    """The owner of a wallet was verified, better or less well than before."""

    data: VerifyData


class CloseData(Data, frozen=True):
    """Who gets what is left; nobody, when nothing is."""

    program: Name
    to: Name | None = None


class Close(ClientEvent, frozen=True, tag="flowdrop.wallet.close"):
    """A wallet was closed permanently."""

    data: CloseData


class WaitingReturnData(Data, frozen=True):
    """The program whose coins wait."""

    program: Name


class WaitingReturn(ClientEvent, frozen=True, tag="flowdrop.wallet.waiting_return"):
    """Gifts that waited 30 days for the name `subject`, which has no wallet, go back."""

    data: WaitingReturnData


class WaitingReleaseData(Data, frozen=True):
    """The wallet that gets what waits."""

    program: Name
    to: Name
    reason: Reason = ""


class WaitingRelease(ClientEvent, frozen=True, tag="flowdrop.wallet.waiting_release"):
    """What came back to the closed wallet `subject` was given to another of the same owner."""

    data: WaitingReleaseData
