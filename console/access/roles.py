"""The roles, and what each may do."""

from __future__ import annotations

from console.i18n import N_

PLATFORM = "platform"
ADVERTISER = "advertiser"

VIEWER = "viewer"
MARKETER = "marketer"
APPROVER = "approver"
DATA_SCIENTIST = "data_scientist"
OPERATOR = "operator"
ADMINISTRATOR = "administrator"

ROLES = {
    VIEWER: N_("advertiser viewer"),
    MARKETER: N_("marketer"),
    APPROVER: N_("approver"),
    DATA_SCIENTIST: N_("data scientist"),
    OPERATOR: N_("operator"),
    ADMINISTRATOR: N_("administrator"),
}

# Whatever can be done in the console, and in what words a refusal names it.
ACTIONS = {
    "report.read": N_("read reports of campaigns"),
    "settlement.read": N_("read settlements"),
    "compliance.read": N_("read compliance reports"),
    "wallet.read": N_("look into wallets"),
    "drop.read": N_("read drops"),
    "drop.write": N_("create, change and cancel drops"),
    "drop.launch": N_("launch drops"),
    "drop.approve": N_("approve drops"),
    "people.manage": N_("manage people and organisations"),
    "audit.read": N_("read the audit log"),
}

_READS = frozenset({"report.read", "drop.read"})
MAY: dict[str, frozenset[str]] = {
    VIEWER: frozenset({"report.read"}),
    MARKETER: _READS | {"drop.write", "drop.launch"},
    APPROVER: _READS | {"drop.approve", "settlement.read", "compliance.read"},
    DATA_SCIENTIST: _READS,
    OPERATOR: _READS
    | {"drop.write", "drop.launch", "settlement.read", "compliance.read", "wallet.read"},
    ADMINISTRATOR: frozenset({"report.read", "people.manage", "audit.read"}),
}

# What an advertiser's people may do at all; everything else does not exist for them.
FOR_ORGANISATIONS = frozenset({"report.read"})

# Which roles there are in which kind of organisation.
OF_KIND = {
    PLATFORM: (MARKETER, APPROVER, DATA_SCIENTIST, OPERATOR, ADMINISTRATOR),
    ADVERTISER: (VIEWER, MARKETER, APPROVER),
}
