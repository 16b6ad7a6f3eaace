"""Airflow as a part of this machine, and its runs through its REST API."""
