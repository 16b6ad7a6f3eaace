-- meaning: whether coins were drawn from a red packet or given by a campaign within 14 days
-- entity: person
-- grain: one row per person
-- source: wallet
-- window: 14 days
-- eligible: everyone
-- type: UInt8
-- owner: data science
countIf(operation IN ('packet_claim', 'claim', 'grant') AND amount > 0) > 0
