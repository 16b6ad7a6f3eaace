-- One row a topic and reason: how many of its records were set aside.
SELECT source_topic, reason, count() AS records
FROM deadletters FINAL
GROUP BY source_topic, reason
ORDER BY source_topic, reason
