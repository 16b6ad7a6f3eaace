"""Uplift: whom a treatment changes, learned from people who were drawn at random into arms.

Learners (`learners/`) have one interface, are calibrated out of fold (`calibration.py`) and race
each other on one metric that is fixed before (`race.py`). Nothing here needs a warehouse.
"""
