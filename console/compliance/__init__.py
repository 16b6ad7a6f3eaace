"""Compliance: flags on gifts and red packets, and a month's report for a regulator."""
