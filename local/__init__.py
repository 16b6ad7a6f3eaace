"""Runs the real infrastructure on one machine: Kafka, ClickHouse, Airflow and our own processes."""
