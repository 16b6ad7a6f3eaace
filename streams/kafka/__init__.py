"""Kafka as seen from outside a worker: topics, the logs read back, and whatever is published."""
