"""What an advertiser is told: reach, lift and overlap of campaigns, as data.

A report is a frozen dataclass made of counts that SQL returned; `as_json` gives its JSON form. The
pages and the `flowdrop report` commands show these, so that chart, table and export agree.
"""
