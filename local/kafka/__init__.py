"""Kafka as a part of this machine: its node, its jars, its Java."""
