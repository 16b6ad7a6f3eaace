"""What several stages of the demo refer to."""

from __future__ import annotations

from datetime import date

DAYS = date(2017, 10, 23), date(2017, 10, 30)  # Mondays: before the drops, and after them
DROP, OPEN_DROP = "demo", "demo-open"  # the second has no end
CITY_DROP = "demo-city"  # for the people of the simulated city
CITY_PEOPLE, CITY_SEED = 3_000, 7
APPROVER = "arun@demo.flowdrop"  # of the demo's people
ROLES = 6  # of the console, each with somebody in the demo
