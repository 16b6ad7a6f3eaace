"""The ClickHouse engine (chDB) of this machine, behind ClickHouse's own HTTP interface.

`python -m local.clickhouse --port 8123 --path DIR` serves it. `engine.py` says how the engine is
shared, `server.py` what differs from a ClickHouse server.
"""
