"""Faust's assignor, but it never hands out an assignment without knowing the partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.assignor.partition_assignor import PartitionAssignor

from streams.layer.faults import end_process

if TYPE_CHECKING:
    from collections.abc import Mapping


class Assignor(PartitionAssignor):
    """Ends a leader that has no metadata of a topic yet, as when Kafka has only just come back.

    Faust would leave the topic out, so that every worker of the group is ready and none has a
    partition, until the next rebalance or for the five minutes of aiokafka's metadata.
    """

    def assign(self, cluster: Any, member_metadata: Mapping[str, Any]) -> Any:
        """Return the partitions of each member."""
        topics = {name for member in member_metadata.values() for name in member.subscription}
        unknown = sorted(name for name in topics if not cluster.partitions_for_topic(name))
        if unknown:
            end_process(f"Kafka has not yet said what partitions {unknown[0]} has")
        return super().assign(cluster, member_metadata)
