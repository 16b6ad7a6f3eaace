"""Real and simulated sources of events to replay."""

NOTES: dict[str, str] = {
    "hillstrom": (
        "The data have no dates inside their two weeks. What was known of each person is shown on "
        "2008-02-29, everyone as drawn and contacted on 2008-03-01 and every outcome on 2008-03-14 "
        "(UTC): stand-ins, of which only the order and the two weeks are real."
    ),
    "complete-journey": (
        "The data have no time zone: times are read as UTC. Campaigns and redemptions have dates "
        "only: a contact or redemption is shown at the start of its day, a campaign's end at the "
        "last second of its day. What a survey without a date says of 801 households is shown at "
        "each one's first moment. Households were not randomised, so there are no arms and no lift."
    ),
    "city": (
        "Everybody in the city is fictitious, and so is everything that happens there: it shows "
        "whether flowdrop counts correctly, and nothing about real people."
    ),
    "evening": "Mei, Tao, the tea house and its guests are fictitious, and so is what they do.",
}
"""What a page or report that shows a scenario must say about it, by the scenario's name."""
