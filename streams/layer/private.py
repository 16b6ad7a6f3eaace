"""Every part of Faust and aiokafka that the layer uses and that is not their public interface.

`tests/streams/test_contract.py` checks each against what is installed and says in words what an
upgrade changed. A callable is named with its parameters, an attribute with `None`.
"""

from __future__ import annotations

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}

CALLABLES: dict[str, tuple[str, ...]] = {
    # overridden
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": (
        "self",
        "transport",
    ),
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": (
        "self",
        "consumer",
        "active_partitions",
        "timeout",
        "max_records",
    ),
    "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread": ("self",),
    "faust.transport.drivers.aiokafka:Consumer._to_message": ("self", "tp", "record"),
    "faust.transport.consumer:Consumer._drain_messages": ("self", "fetcher"),
    "faust.transport.consumer:Consumer._new_offset": ("self", "tp"),
    "faust.transport.consumer:Consumer.ack": ("self", "message"),
    "faust.transport.consumer:Consumer.perform_seek": ("self",),
    "faust.transport.consumer:Consumer.on_partitions_assigned": (
        "self",
        "assigned",
        "generation_id",
    ),
    "faust.tables.base:Collection._new_store": ("self",),
    "faust.stores.memory:Store.apply_changelog_batch": ("self", "batch", "to_key", "to_value"),
    "faust.stores.memory:Store.on_recovery_completed": ("self", "active_tps", "standby_tps"),
    "faust.stores.base:Store.on_rebalance": (
        "self",
        "assigned",
        "revoked",
        "newly_assigned",
        "generation_id",
    ),
    # called
    "faust.transport.consumer:Consumer._is_changelog_tp": ("self", "tp"),
    "faust.transport.consumer:Consumer.seek_wait": ("self", "partitions"),
    "aiokafka.consumer.group_coordinator:GroupCoordinator._do_commit_offsets": (
        "self",
        "assignment",
        "offsets",
    ),
    "aiokafka.client:AIOKafkaClient.coordinator_lookup": (
        "self",
        "coordinator_type",
        "coordinator_key",
    ),
    "aiokafka.client:AIOKafkaClient.send": ("self", "node_id", "request", "group"),
    "aiokafka.client:AIOKafkaClient.set_topics": ("self", "topics"),
    "aiokafka.protocol.api:Request.build": ("self", "request_struct_class"),
    "aiokafka.consumer.fetcher:Fetcher._create_fetch_waiter": ("self",),
    "aiokafka.consumer.fetcher:Fetcher._notify": ("self", "future"),
    "aiokafka.consumer.fetcher:FetchResult.check_assignment": ("self", "tp"),
    "aiokafka.consumer.fetcher:FetchResult.has_more": ("self",),
    "aiokafka.consumer.fetcher:FetchResult._update_position": ("self",),
    "aiokafka.consumer.fetcher:PartitionRecords._consume_aborted_up_to": ("self", "batch_offset"),
    "aiokafka.consumer.fetcher:PartitionRecords._contains_abort_marker": ("self", "next_batch"),
}

# Attributes set in `__init__`, found in the source of the class.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "faust.transport.consumer:Consumer": ("_acked", "_unacked_messages", "_waiting_for_ack"),
    "faust.transport.consumer:ThreadDelegateConsumer": ("_thread",),
    "faust.web.drivers.aiohttp:Web": ("_runner",),
    "aiokafka.consumer.consumer:AIOKafkaConsumer": (
        "_fetch_max_wait_ms",
        "_isolation_level",
        "_client",
        "_fetcher",
        "_coordinator",
        "_closed",
    ),
    "aiokafka.client:AIOKafkaClient": ("_sync_task",),
    "aiokafka.protocol.api:Request": ("_CLASSES", "API_KEY"),
    "aiokafka.consumer.group_coordinator:GroupCoordinator": ("generation",),
    "aiokafka.consumer.fetcher:Fetcher": (
        "_records",
        "_subscriptions",
        "_wait_consume_future",
        "_fetch_max_wait_ms",
        "_closed",
    ),
    "aiokafka.consumer.fetcher:FetchResult": ("_topic_partition", "_partition_records"),
    "aiokafka.consumer.fetcher:PartitionRecords": (
        "_records",
        "_check_crcs",
        "_isolation_level",
        "_aborted_producers",
        "next_fetch_offset",
    ),
}
