"""Alerts: what failed under a schedule, kept until somebody has dealt with it."""
