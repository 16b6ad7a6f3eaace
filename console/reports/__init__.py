"""What an advertiser is told: reach, lift and overlap of campaigns, as data.

A module that holds a `REPORT` is a report (`console/reporting/`): its result is a frozen dataclass
made of counts that SQL returned, which command, page, API and export show, so that they agree.
"""
