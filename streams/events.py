"""Every event flowdrop knows: CloudEvents 1.0 in JSON, one struct a type.

The structs give decoding, validation and the published JSON Schemas (`flowdrop events schema`).
An event carries its own time; nothing here reads a clock. Money is an integer in the smallest unit
of the program; spend and cost are integers in cents (1/100 of the currency unit).
"""

from __future__ import annotations

import zlib
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

WALLET_TOPIC = "wallet.events"
CAMPAIGN_TOPIC = "campaign.events"
POSTINGS_TOPIC = "ledger.postings"
ACCEPTED_TOPIC = "campaign.accepted"
DEADLETTER_TOPIC = "deadletters"

RECORD_BYTES_MAX = 65_536

Id = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="unique among the subject's events of the same source",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
# Of an event that another refers to by its id.
SourceName = (
    Annotated[
        str,
        Meta(
            min_length=1,
            max_length=128,
            description="that event's source; left out: it is the only one of that id",
        ),
    ]
    | None
)
Coins = Annotated[
    int, Meta(ge=1, le=10**15, description="flow coins, in the smallest unit of the program")
]
Cents = Annotated[int, Meta(ge=0, le=10**13, description="money, in cents")]
Probability = Annotated[float, Meta(gt=0, le=1)]
# The years a time may lie in: the warehouse's range and more, and no overflow in any time zone.
YEAR_MIN, YEAR_MAX = 1970, 2199
Time = Annotated[
    datetime,
    Meta(
        tz=True,
        description="RFC 3339 with an offset, from 1970 to 2199",
        extra_json_schema={
            "pattern": "^(19[7-9]|20[0-9]|21[0-9])[0-9]-.*([Zz]|[+-][0-9]{2}:?[0-9]{2})$"
        },
    ),
]

Reason = Annotated[str, Meta(max_length=500)]
Step = Literal[
    "transfer",
    "claim",
    "lease",
    "return",
    "grant",
    "reversal",
    "ack",
    "lease_ask",
    "ask",
    "reverse_ask",
    "declined",
    "bounce",
    "unclaimed",
    "unack",
]
KeyId = Annotated[
    str, Meta(min_length=1, max_length=32, description="names a key; never that of another")
]
Signature = Annotated[str, Meta(min_length=64, max_length=64)]
Purpose = Literal["ledger", "rules"]  # of a key
ChangeOfKey = Literal["introduce", "use", "revoke"]
Verified = Literal["none", "phone", "identity"]  # how well a person is known
# A campaign's longest name and what the ledger puts around it.
LedgerName = Annotated[str, Meta(min_length=1, max_length=160)]


class Envelope(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """What every event carries; `type` chooses the struct, extension attributes are allowed."""

    specversion: Literal["1.0"] = "1.0"
    id: Id
    source: Name
    time: Time
    subject: Annotated[
        str, Meta(min_length=1, max_length=128, description="the account or person; the key")
    ]
    datacontenttype: Literal["application/json"] = "application/json"
    if TYPE_CHECKING:
        data: Any  # each type has its own


class Data(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """Base of every event's `data`: a field nobody knows is an error, not a silence.

    A default is left out, so that a field added later changes no event that does without it: the
    ledger compares the content of events with the same id.
    """


def check_year(field: str, time: datetime) -> None:
    """Hold a time inside `data` to the years that reading holds every event's `time` to.

    Raises:
        ValueError: which names the field and the years.
    """
    if not YEAR_MIN <= time.year <= YEAR_MAX:
        raise ValueError(f"`{field}` must lie in {YEAR_MIN} to {YEAR_MAX}")


# -- wallet -----------------------------------------------------------------------------------


class WalletEvent(Envelope, frozen=True):
    """Base of what stands in the ledger's log."""


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
    """So many coins that the wallet has had since before a time."""

    program: Name
    amount: Coins
    before: Time

    def __post_init__(self) -> None:
        """Hold `before` to the years a time may lie in."""
        check_year("before", self.before)


class Expire(ClientEvent, frozen=True, tag="flowdrop.wallet.expire"):
    """Coins of the wallet `subject` expired."""

    data: ExpireData


class ReserveAddData(Data, frozen=True):
    """So many coins that a program may have outstanding besides."""

    program: Name
    amount: Coins


class ReserveAdd(ClientEvent, frozen=True, tag="flowdrop.wallet.reserve_add"):
    """An operator put up what backs coins of a program; `subject` is `reserve:<program>`."""

    data: ReserveAddData


class ReserveRemoveData(Data, frozen=True):
    """So many coins less that a program may issue: `amount`, or all that is available."""

    program: Name
    amount: Coins | None = None


class ReserveRemove(ClientEvent, frozen=True, tag="flowdrop.wallet.reserve_remove"):
    """What backs no coins was taken out of the reserve, or out of an issuer back into it.

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
                description="of the number that gets the data; left out: the carrier's own",
            ),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        """Hold `until` to the years a time may lie in."""
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
    """So many of an item of the program's catalogue, at the price that the buyer was shown."""

    program: Name
    item: Name
    amount: Annotated[
        int, Meta(ge=1, le=10**15, description="the price of them all, in flow coins")
    ]
    quantity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    reference: (
        Annotated[
            str,
            Meta(min_length=1, max_length=128, description="the shop's, of where to deliver it"),
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
    """Which order, and why it is not to be."""

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
    """So many of a partner's points for so many coins, by the rate that the person was shown."""

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
    """So much leftover package data, in coins; the program's function fee is taken of it."""

    program: Name
    amount: Coins


class DepositAdd(ClientEvent, frozen=True, tag="flowdrop.wallet.deposit_add"):
    """A person put leftover package data by; the first part begins a term."""

    data: DepositAddData


class DepositCustodyData(Data, frozen=True):
    """The month whose custody fee is due."""

    program: Name
    month: Annotated[str, Meta(pattern=r"^(19[7-9]|20[0-9]|21[0-9])[0-9]-(0[1-9]|1[0-2])$")]


class DepositCustody(ClientEvent, frozen=True, tag="flowdrop.wallet.deposit_custody"):
    """A month's custody fee was taken of what `subject` has put by."""

    data: DepositCustodyData


class DepositEndData(Data, frozen=True):
    """All that has been put by."""

    program: Name


class DepositWithdraw(ClientEvent, frozen=True, tag="flowdrop.wallet.deposit_withdraw"):
    """A person took all that was put by into the wallet."""

    data: DepositEndData


class DepositReturn(ClientEvent, frozen=True, tag="flowdrop.wallet.deposit_return"):
    """The term is over: all that was put by goes back to the person's number, by the carrier."""

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
        Meta(min_length=1, max_length=128, description="an enterprise's, whose budget then pays"),
    ]
    | None
)
GroupName = (
    Annotated[str, Meta(min_length=1, max_length=128, description="for its members only")] | None
)
CodeName = (
    Annotated[str, Meta(min_length=1, max_length=128, description="for those only who have it")]
    | None
)


class PacketSendData(Data, frozen=True):
    """Coins for the first so many who claim: the same for each, or by luck."""

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
        """Hold `expires` to the years a time may lie in."""
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
    """Draw from a packet, once a person: as a member of its group, by its code, through a share."""

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


class ReverseData(Data, frozen=True):
    """Take an applied event back; `original` is the whole event."""

    program: Name
    original: Earn | Grant | Redeem | Transfer | PointsIn | PointsOut
    reason: Reason = ""

    def __post_init__(self) -> None:
        """Hold the original to the years its time may lie in."""
        check_year("original.time", self.original.time)


class Reverse(ClientEvent, frozen=True, tag="flowdrop.wallet.reverse"):
    """An event of `subject` was taken back."""

    data: ReverseData


class StopData(Data, frozen=True):
    """Why a wallet is frozen, or no longer."""

    program: Name
    reason: Reason = ""


class Freeze(ClientEvent, frozen=True, tag="flowdrop.wallet.freeze"):
    """A wallet was frozen: it receives, and does nothing else."""

    data: StopData


class Unfreeze(ClientEvent, frozen=True, tag="flowdrop.wallet.unfreeze"):
    """A frozen wallet was opened again."""

    data: StopData


class VerifyData(Data, frozen=True):
    """How well the wallet's owner is known from now on, and by whom that was found out."""

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
    """A wallet was closed for ever."""

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


class LegData(Data, frozen=True, kw_only=True, rename={"payer": "from"}):
    """A step on another partition of what an event began; only the ledger writes and signs it."""

    program: Name
    step: Step
    payer: LedgerName
    amount: Annotated[int, Meta(ge=0, le=10**15)]
    cause: Annotated[
        str, Meta(min_length=1, max_length=200, description="the id of the event that began it")
    ]
    cause_source: Annotated[
        str, Meta(min_length=1, max_length=128, description="that event's source")
    ]
    campaign: Annotated[str, Meta(max_length=128)] = ""
    asker: Annotated[
        str, Meta(max_length=16, description="hash of what names the event that asks, or asked")
    ] = ""
    reason: Annotated[str, Meta(max_length=64, description="why the answer is no")] = ""
    # Bounded, as every number is: one past 64 bits decodes, but no record could hold it.
    partition: Annotated[
        int, Meta(ge=0, le=1_023, description="where the record stands that made it")
    ]
    offset: Annotated[int, Meta(ge=0, le=2**52 - 1, description="its offset there")]
    number: Annotated[int, Meta(ge=0, lt=2048, description="which of that record's legs")]
    sequence: Annotated[
        int,
        Meta(
            ge=1,
            le=2**52,
            description="which of the program's legs from there to here, without gaps",
        ),
    ]
    key: KeyId
    signature: Signature


class Leg(WalletEvent, frozen=True, tag="flowdrop.wallet.leg"):
    """Coins, or a question, arriving from another partition for the account `subject`."""

    subject: LedgerName
    data: LegData


class RulesData(Data, frozen=True):
    """A program's rules: its file as JSON, with sorted keys; only an operator signs it."""

    program: Name
    rules: Annotated[str, Meta(min_length=2, max_length=50_000)]
    key: KeyId
    signature: Signature


class ProgramRules(WalletEvent, frozen=True, tag="flowdrop.wallet.rules"):
    """A partition judges by these rules from now on; `subject`: `rules:<program>@<partition>`."""

    data: RulesData


class KeyData(Data, frozen=True, kw_only=True):
    """What becomes of a key on a partition; only an operator signs it.

    `introduce`: what it signs is genuine from here on. `use`: the partition signs with it.
    `revoke`: what it signs is refused from here on. `purpose`: of the ledger's legs, or of what
    operators sign.
    """

    program: ClassVar[str] = ""  # a key is of no program
    purpose: Purpose
    step: ChangeOfKey
    about: KeyId
    fingerprint: Annotated[
        str, Meta(max_length=16, description="by which a worker knows that it has the same key")
    ] = ""
    key: KeyId
    signature: Signature


class KeyChange(WalletEvent, frozen=True, tag="flowdrop.wallet.key"):
    """A key is trusted, used or revoked from here on; `subject`: `keys:<purpose>@<partition>`."""

    data: KeyData


class CorrectionData(Data, frozen=True, kw_only=True):
    """What becomes of a leg that should not have counted, or should; only an operator signs it.

    `undo`: it was forged, and what it brought is taken back. `deliver`: the ledger sent it, and it
    was refused, since a forged one had come under its number.
    """

    program: Name
    step: Literal["undo", "deliver"]
    leg: Leg
    account: Annotated[str, Meta(max_length=160, description="what an undone leg paid")] = ""
    key: KeyId
    signature: Signature


class Correction(WalletEvent, frozen=True, tag="flowdrop.wallet.correction"):
    """A leg is undone, or delivered; `subject`: `clearing:<program>@<partition>` where it came."""

    data: CorrectionData


# -- campaign ---------------------------------------------------------------------------------


class CampaignEvent(Envelope, frozen=True):
    """Base of what campaigns tell."""


class AssignmentData(Data, frozen=True):
    """The arm a person was drawn into, and with which probability."""

    campaign: Name
    arm: Name
    probability: Probability


class Assignment(CampaignEvent, frozen=True, tag="flowdrop.campaign.assignment"):
    """A person was assigned to an arm of a randomised campaign; `subject` is the person."""

    data: AssignmentData


class ContactData(Data, frozen=True):
    """A message or offer sent; not an impression. `until` is when the offer ends."""

    campaign: Name
    channel: Name
    cost: Cents | None = None
    until: Time | None = None

    def __post_init__(self) -> None:
        """Hold `until` to the years a time may lie in, as reading does for every event's `time`."""
        if self.until is not None:
            check_year("until", self.until)


class Contact(CampaignEvent, frozen=True, tag="flowdrop.campaign.contact"):
    """A campaign contacted a person."""

    data: ContactData


class ExposureData(Data, frozen=True):
    """An impression: share of pixels in view, for how long, in which format."""

    campaign: Name
    channel: Name
    format: Literal["display", "large_display", "video"]
    pixels: Annotated[float, Meta(ge=0, le=1)] | None = None
    seconds: Annotated[float, Meta(ge=0)] | None = None
    cost: Cents | None = None
    paid: bool = False


class Exposure(CampaignEvent, frozen=True, tag="flowdrop.campaign.exposure"):
    """An advertisement was served to a person."""

    data: ExposureData


class ClickData(Data, frozen=True):
    """A click on a campaign's message or advertisement."""

    campaign: Name
    channel: Name


class Click(CampaignEvent, frozen=True, tag="flowdrop.campaign.click"):
    """A person clicked."""

    data: ClickData


class VisitData(Data, frozen=True):
    """A visit to the advertiser's site or shop."""

    campaign: Name


class Visit(CampaignEvent, frozen=True, tag="flowdrop.campaign.visit"):
    """A person visited the advertiser."""

    data: VisitData


class ConversionData(Data, frozen=True):
    """What the campaign is for: a purchase, a redemption; `value` is its revenue in cents."""

    campaign: Name
    value: Cents | None = None
    item: Name | None = None


class Conversion(CampaignEvent, frozen=True, tag="flowdrop.campaign.conversion"):
    """A person converted."""

    data: ConversionData


class ConsentData(Data, frozen=True):
    """Whether a person may be contacted, by which channel (`*` for all).

    The channel `adult` says whether they are of age: a minor is contacted by none.
    """

    channel: Name
    granted: bool


class Consent(CampaignEvent, frozen=True, tag="flowdrop.campaign.consent"):
    """A person gave or withdrew consent."""

    data: ConsentData


Event = WalletEvent | CampaignEvent


def kinds_of(base: type[Envelope]) -> tuple[type[Envelope], ...]:
    """Return the types of events below a base, in the order in which they stand here."""
    below = base.__subclasses__()
    return tuple(kind for one in below for kind in kinds_of(one)) if below else (base,)


WALLET_KINDS, CAMPAIGN_KINDS = kinds_of(WalletEvent), kinds_of(CampaignEvent)

decode_wallet = msgspec.json.Decoder[WalletEvent](reduce(or_, WALLET_KINDS)).decode
decode_campaign = msgspec.json.Decoder[CampaignEvent](reduce(or_, CAMPAIGN_KINDS)).decode
encode = msgspec.json.Encoder().encode


# Every type by its name, with the topic it belongs to.
TYPES: dict[str, tuple[str, type]] = {
    str(kind.__struct_config__.tag): (topic, kind)
    for topic, kinds in ((WALLET_TOPIC, WALLET_KINDS), (CAMPAIGN_TOPIC, CAMPAIGN_KINDS))
    for kind in kinds
}
# The last word of each type's name: `earn` of `flowdrop.wallet.earn`.
OPERATION: dict[type, str] = {kind: name.rpartition(".")[2] for name, (_, kind) in TYPES.items()}
# What clients may ask of the ledger, by that word.
OPERATIONS = tuple(OPERATION[kind] for kind in kinds_of(ClientEvent))
_TOPICS = {kind: topic for topic, kind in TYPES.values()}


def data_of(kind: type) -> type:
    """Return the type of the `data` of events of a type."""
    found: type = next(own.type for own in msgspec.structs.fields(kind) if own.name == "data")
    return found


def topic_of(event: Event) -> str:
    """Return the Kafka topic an event belongs to."""
    return _TOPICS[type(event)]


def partition_of(account: str, partitions: int) -> int:
    """Return the partition that owns `account`, of `partitions`.

    An account that exists once a partition says so in its name (`budget:spring@3`); any other goes
    by CRC-32 of its UTF-8 bytes, librdkafka's `consistent` partitioner.
    """
    _, at, shard = account.rpartition("@")
    if at and shard.isdecimal() and int(shard) < partitions:
        return int(shard)
    return zlib.crc32(account.encode()) % partitions


def shard(account: str, partition: int) -> str:
    """Return the name of `account`'s shard on `partition`."""
    return f"{account}@{partition}"
