"""The ClickHouse engine (chDB) of this machine, behind ClickHouse's own HTTP interface.

`python -m local.clickhouse --port 8123 --path DIR` serves it; `docs` of what differs from a server
are in `server.py`.
"""
