"""Kafka as seen from outside a worker: topics, logs read back, and everything published."""
