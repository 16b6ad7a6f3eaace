"""Which partition owns an account."""

from __future__ import annotations

import zlib


def partition_of(account: str, partitions: int) -> int:
    """Return the partition that owns `account`, of `partitions`.

    An account that exists once per partition says so in its name (`budget:spring@3`); any other
    goes by CRC-32 of its UTF-8 bytes, librdkafka's `consistent` partitioner.
    """
    _, at, shard = account.rpartition("@")
    if at and shard.isdecimal() and int(shard) < partitions:
        return int(shard)
    return zlib.crc32(account.encode()) % partitions


def shard(account: str, partition: int) -> str:
    """Return the name of `account`'s shard on `partition`."""
    return f"{account}@{partition}"
