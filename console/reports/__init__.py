"""What an advertiser sees: reach, lift and overlap of campaigns, as data.

A module that holds a `REPORT` is a report (`console/reporting/`): its result is a frozen dataclass
of counts that SQL returned, which command, page, API and export all show, so that they agree.
"""
