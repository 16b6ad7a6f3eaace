-- One row per id that has been seen, by id: the number it is counted by. What the view `people` says,
-- without reading every event.
CREATE TABLE IF NOT EXISTS people_numbers
(
    person String,
    number UInt32
)
ENGINE = ReplacingMergeTree
ORDER BY person
SETTINGS non_replicated_deduplication_window = 10000
