"""The leakage gate: features that know what came after the moment they claim to describe.

By lineage (`lineage.py`), by what one feature alone tells (`power.py`), and by what is told when
rows are shuffled and no longer in order of time (`order.py`). `gate.py` asks all and decides.
"""
