"""The names of the parts that run on one machine; quick to import."""

# In the order in which they are started; `airflow` is three processes.
NAMES = ("kafka", "clickhouse", "worker", "feed", "airflow", "console", "intake")
