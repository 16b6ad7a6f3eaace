"""Every type of event by its name, its topic and its operation, and how records are decoded."""

from __future__ import annotations

from functools import reduce
from operator import or_

import msgspec

from streams.events.campaign import CampaignEvent
from streams.events.envelope import CAMPAIGN_TOPIC, WALLET_TOPIC, Envelope
from streams.events.wallet import ClientEvent, WalletEvent

Event = WalletEvent | CampaignEvent


def kinds_of(base: type[Envelope]) -> tuple[type[Envelope], ...]:
    """Return the types of events below a base, in the order in which they stand here."""
    below = base.__subclasses__()
    return tuple(kind for one in below for kind in kinds_of(one)) if below else (base,)


WALLET_KINDS, CAMPAIGN_KINDS = kinds_of(WalletEvent), kinds_of(CampaignEvent)

decode_wallet = msgspec.json.Decoder[WalletEvent](reduce(or_, WALLET_KINDS)).decode
decode_campaign = msgspec.json.Decoder[CampaignEvent](reduce(or_, CAMPAIGN_KINDS)).decode
decode_event = msgspec.json.Decoder[Event](reduce(or_, (*WALLET_KINDS, *CAMPAIGN_KINDS))).decode
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
