CREATE TABLE alert_resolutions
(
    `alert` String,
    `resolved_by` String,
    `note` String,
    `resolved_at` DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (alert, resolved_at)
SETTINGS index_granularity = 8192;

CREATE TABLE alerts
(
    `alert` String,
    `dag` LowCardinality(String),
    `task` LowCardinality(String),
    `partition` String,
    `run` String,
    `try` UInt32,
    `words` String,
    `todo` String,
    `happened_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY alert
SETTINGS index_granularity = 8192;

CREATE TABLE audience_members
(
    `program` LowCardinality(String),
    `audience` String,
    `fingerprint` String,
    `person` String,
    `score` Float64,
    `rank` UInt32
)
ENGINE = ReplacingMergeTree
ORDER BY (program, audience, fingerprint, rank)
SETTINGS index_granularity = 8192;

CREATE TABLE audiences
(
    `program` LowCardinality(String),
    `name` String,
    `as_of` Date,
    `model_id` String,
    `rule` String,
    `size` UInt32,
    `opted_out` UInt32,
    `fingerprint` String,
    `frozen_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (program, name, fingerprint)
SETTINGS index_granularity = 8192;

CREATE VIEW campaign_descriptions
(
    `campaign` LowCardinality(String),
    `source` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `advertiser` String,
    `title_en` String,
    `title_zh` String,
    `goal` String,
    `begin` Nullable(DateTime64(6, 'UTC')),
    `end` Nullable(DateTime64(6, 'UTC')),
    `budget` Nullable(Int64),
    `channels` Array(String),
    `creatives` Array(Tuple(
        name String,
        format String,
        cost_model String,
        cost Nullable(Int64))),
    `coin_microcents` Nullable(Int64),
    `click_window_days` UInt64,
    `view_window_days` UInt64,
    `partition` UInt16,
    `offset` UInt64
)
AS SELECT
    campaign,
    source,
    time,
    JSONExtractString(description, 'advertiser') AS advertiser,
    JSONExtractString(description, 'title_en') AS title_en,
    JSONExtractString(description, 'title_zh') AS title_zh,
    JSONExtractString(description, 'goal') AS goal,
    parseDateTime64BestEffortOrNull(JSONExtractString(description, 'begin'), 6, 'UTC') AS begin,
    parseDateTime64BestEffortOrNull(JSONExtractString(description, 'end'), 6, 'UTC') AS end,
    JSONExtract(description, 'budget', 'Nullable(Int64)') AS budget,
    JSONExtract(description, 'channels', 'Array(String)') AS channels,
    JSONExtract(description, 'creatives', 'Array(Tuple(name String, format String, cost_model String, cost Nullable(Int64)))') AS creatives,
    JSONExtract(description, 'coin_microcents', 'Nullable(Int64)') AS coin_microcents,
    if(JSONHas(description, 'click_window_days'), JSONExtractUInt(description, 'click_window_days'), 7) AS click_window_days,
    if(JSONHas(description, 'view_window_days'), JSONExtractUInt(description, 'view_window_days'), 1) AS view_window_days,
    partition,
    offset
FROM campaign_events
FINAL
WHERE (type = 'describe') AND (NOT ((JSONType(description, 'measurement') = 'Object') AND (advertiser = '') AND (title_en = '') AND (title_zh = '') AND (goal = '') AND (begin IS NULL) AND (end IS NULL) AND (budget IS NULL) AND (coin_microcents IS NULL) AND empty(channels) AND empty(creatives)));

CREATE TABLE campaign_events
(
    `id` String,
    `type` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `person` String,
    `source` LowCardinality(String),
    `number` UInt32,
    `description` String,
    `campaign` LowCardinality(String),
    `arm` LowCardinality(String),
    `probability` Nullable(Float64),
    `channel` LowCardinality(String),
    `until` Nullable(DateTime64(6, 'UTC')),
    `value` Nullable(Int64),
    `cost` Nullable(Int64),
    `item` String,
    `format` LowCardinality(String),
    `pixels` Nullable(Float64),
    `seconds` Nullable(Float64),
    `paid` Bool,
    `granted` Nullable(Bool),
    `creative` LowCardinality(String),
    `attributes` Map(LowCardinality(String), String),
    `other` String,
    `kind` LowCardinality(String),
    `linked` Nullable(Bool),
    `program` LowCardinality(String),
    `network` LowCardinality(String),
    `agent` LowCardinality(String),
    `topic` LowCardinality(String),
    `partition` UInt16,
    `offset` UInt64,
    `arrived` DateTime64(3, 'UTC'),
    `first` UInt64 MATERIALIZED bitNot(offset)
)
ENGINE = ReplacingMergeTree(first)
PARTITION BY toYYYYMM(time)
ORDER BY (campaign, type, person, source, id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE campaign_latest
(
    `campaign` LowCardinality(String),
    `partition` UInt16,
    `time` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `arrived` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `offset` SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (campaign, partition)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE MATERIALIZED VIEW campaign_latest_view TO campaign_latest
(
    `campaign` LowCardinality(String),
    `partition` UInt16,
    `time` DateTime64(6, 'UTC'),
    `arrived` DateTime64(3, 'UTC'),
    `offset` UInt64
)
AS SELECT
    e.campaign AS campaign,
    e.partition AS partition,
    max(e.time) AS time,
    max(e.arrived) AS arrived,
    max(e.offset) AS offset
FROM campaign_events AS e
GROUP BY
    campaign,
    partition;

CREATE VIEW campaign_measurements
(
    `campaign` LowCardinality(String),
    `source` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `measurement` String,
    `design` String,
    `goals` Array(String),
    `guardrails` Array(String),
    `people` Nullable(Int64),
    `end` Nullable(DateTime64(6, 'UTC')),
    `tuned_at` Nullable(Int64),
    `smallest_lift` Nullable(Float64),
    `arrived` DateTime64(3, 'UTC'),
    `partition` UInt16,
    `offset` UInt64
)
AS SELECT
    campaign,
    source,
    time,
    JSONExtractRaw(description, 'measurement') AS measurement,
    JSONExtractString(measurement, 'design') AS design,
    JSONExtract(measurement, 'goals', 'Array(String)') AS goals,
    JSONExtract(measurement, 'guardrails', 'Array(String)') AS guardrails,
    JSONExtract(measurement, 'people', 'Nullable(Int64)') AS people,
    parseDateTime64BestEffortOrNull(JSONExtractString(measurement, 'end'), 6, 'UTC') AS end,
    JSONExtract(measurement, 'tuned_at', 'Nullable(Int64)') AS tuned_at,
    JSONExtract(measurement, 'smallest_lift', 'Nullable(Float64)') AS smallest_lift,
    arrived,
    partition,
    offset
FROM campaign_events
FINAL
WHERE (type = 'describe') AND JSONHas(description, 'measurement') AND (JSONType(description, 'measurement') = 'Object');

CREATE VIEW campaign_people
(
    `campaign` LowCardinality(String),
    `person` String,
    `contacts` UInt64,
    `since` DateTime64(6, 'UTC'),
    `contact_days` Array(Date),
    `latest_until` Nullable(DateTime64(6, 'UTC')),
    `contacts_priced` UInt64,
    `contacts_cents` Nullable(Int64),
    `conversions_named` Array(Tuple(
        DateTime64(6, 'UTC'),
        Nullable(Int64))),
    `conversions` Array(Tuple(
        DateTime64(6, 'UTC'),
        Nullable(Int64)))
)
AS SELECT
    campaign,
    person,
    countIf(type = 'contact') AS contacts,
    minIf(time, type = 'contact') AS since,
    groupUniqArrayIf(toDate(time), type = 'contact') AS contact_days,
    maxIf(until, type = 'contact') AS latest_until,
    countIf((type = 'contact') AND isNotNull(cost)) AS contacts_priced,
    sumIf(cost, type = 'contact') AS contacts_cents,
    groupArrayIf((time, value), type = 'conversion') AS conversions_named,
    arrayFilter(conversion -> ((contacts > 0) AND ((conversion.1) >= since)), conversions_named) AS conversions
FROM person_events
WHERE type IN ('contact', 'conversion')
GROUP BY
    campaign,
    person;

CREATE TABLE campaign_stream
(
    `campaign` LowCardinality(String),
    `type` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `person` String,
    `number` UInt32,
    `channel` LowCardinality(String),
    `cost` Nullable(Int64),
    `format` LowCardinality(String),
    `pixels` Nullable(Float64),
    `seconds` Nullable(Float64),
    `paid` Bool,
    `creative` LowCardinality(String),
    `partition` UInt16
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW campaign_stream_view TO campaign_stream
(
    `campaign` LowCardinality(String),
    `type` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `person` String,
    `number` UInt32,
    `channel` LowCardinality(String),
    `cost` Nullable(Int64),
    `format` LowCardinality(String),
    `pixels` Nullable(Float64),
    `seconds` Nullable(Float64),
    `paid` Bool,
    `creative` LowCardinality(String),
    `partition` UInt16
)
AS SELECT
    campaign,
    type,
    time,
    person,
    number,
    channel,
    cost,
    format,
    pixels,
    seconds,
    paid,
    creative,
    partition
FROM campaign_events
WHERE number != 0;

CREATE VIEW campaign_touches
AS WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers AS l
    ) AS links
SELECT
    if(empty(links.1), e.number, transform(e.number, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), e.number)) AS person,
    e.person AS id,
    transform(e.campaign, {campaigns:Array(String)}, {advertisers:Array(UInt16)}, toUInt16(0)) AS advertiser,
    e.campaign AS campaign,
    e.type AS type,
    e.channel AS channel,
    e.creative AS creative,
    e.source AS source,
    e.id AS event,
    e.time AS time,
    e.time + toIntervalMicrosecond(if(e.type = 'click', transform(e.campaign, {campaigns:Array(String)}, {click_us:Array(Int64)}, toInt64(0)), transform(e.campaign, {campaigns:Array(String)}, {view_us:Array(Int64)}, toInt64(0)))) AS until
FROM campaign_events AS e
WHERE (e.campaign IN ({campaigns:Array(String)})) AND (e.number != 0) AND ((e.type IN ('contact', 'click')) OR ((e.type = 'exposure') AND (NOT e.paid) AND (({views:String} = 'served') OR ((ifNull(e.pixels, 0) >= if(e.format = 'large_display', 0.3, 0.5)) AND (ifNull(e.seconds, 0) >= if(e.format = 'video', 2, 1)))))) AND (until > time) AND ((e.campaign, e.type, e.person, e.source, e.id) NOT IN (
    SELECT
        i.campaign,
        i.kind,
        i.person,
        i.source,
        i.id
    FROM invalid_verdicts AS i
    WHERE i.campaign IN ({campaigns:Array(String)})
));

CREATE TABLE champions
(
    `program` LowCardinality(String),
    `as_of` Date,
    `model_id` String,
    `reason` String,
    `forced` Bool,
    `registered_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(registered_at)
ORDER BY (program, as_of)
SETTINGS index_granularity = 8192;

CREATE VIEW conversion_touches
AS WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers AS l
    ) AS links,
    conversions AS
    (
        SELECT
            if(empty(links.1), e.number, transform(e.number, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), e.number)) AS person,
            transform(e.campaign, {campaigns:Array(String)}, {advertisers:Array(UInt16)}, toUInt16(0)) AS advertiser,
            e.campaign AS campaign,
            e.time AS time,
            e.value AS value
        FROM campaign_events AS e
        FINAL
        WHERE (e.campaign IN ({campaigns:Array(String)})) AND (e.type = 'conversion') AND (e.number != 0)
    )
SELECT
    c.person AS person,
    c.advertiser AS advertiser,
    c.campaign AS campaign,
    c.time AS time,
    c.value AS value,
    arrayFilter(touch -> (((touch.1) <= c.time) AND (c.time <= (touch.9))), t.touches) AS touches
FROM conversions AS c
LEFT JOIN
(
    SELECT
        person,
        advertiser,
        arraySort(groupUniqArray((time, CAST(type, 'Enum8(\'contact\' = 1, \'exposure\' = 2, \'click\' = 3)'), toString(campaign), toString(channel), toString(creative), id, toString(source), event, until))) AS touches
    FROM campaign_touches(campaigns = {campaigns:Array(String)}, advertisers = {advertisers:Array(UInt16)}, click_us = {click_us:Array(Int64)}, view_us = {view_us:Array(Int64)}, views = {views:String})
    WHERE person IN (
        SELECT person
        FROM conversions
    )
    GROUP BY
        person,
        advertiser
) AS t ON (t.person = c.person) AND (t.advertiser = c.advertiser);

CREATE TABLE deadletters
(
    `source_topic` LowCardinality(String),
    `source_partition` UInt16,
    `source_offset` UInt64,
    `reason` LowCardinality(String),
    `detail` String,
    `key` String,
    `value` String,
    `value_bytes` UInt32,
    `is_null` Bool,
    `time` DateTime64(3, 'UTC'),
    `topic` LowCardinality(String),
    `partition` UInt16,
    `offset` UInt64
)
ENGINE = ReplacingMergeTree
ORDER BY (source_topic, source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE VIEW deliveries
(
    `party` String,
    `program` LowCardinality(String),
    `operation` String,
    `carrier` String,
    `network` String,
    `mb` Int64,
    `price` Float64,
    `amount` Int64,
    `account` String,
    `version` UInt64,
    `event_id` String,
    `event_source` String,
    `cause` String,
    `cause_source` String,
    `time` DateTime64(6, 'UTC'),
    `source_partition` UInt16,
    `source_offset` UInt64
)
AS SELECT
    concat('carrier:', carrier) AS party,
    moved.program AS program,
    if(moved.type = 'leg', moved.step, moved.type) AS operation,
    extract(moved.account, '^carrier:(.*?)(?::[^:@]*)?(?:@[0-9]+)?$') AS carrier,
    if(redeemed.network = '', carrier, redeemed.network) AS network,
    if(moved.amount < 0, -redeemed.mb, redeemed.mb) AS mb,
    if(redeemed.mb = 0, 0, abs(moved.amount) / redeemed.mb) AS price,
    moved.amount AS amount,
    moved.account AS account,
    moved.version AS version,
    moved.event_id AS event_id,
    moved.event_source AS event_source,
    moved.cause AS cause,
    moved.cause_source AS cause_source,
    moved.time AS time,
    moved.source_partition AS source_partition,
    moved.source_offset AS source_offset
FROM
(
    SELECT
        *,
        if(type = 'redeem', event_id, cause) AS redemption,
        if(type = 'redeem', event_source, cause_source) AS redemption_source
    FROM postings
    FINAL
    WHERE (kind = 'carrier') AND (amount != 0)
) AS moved
ASOF LEFT JOIN
(
    SELECT
        program,
        subject,
        event_id,
        event_source,
        network,
        mb,
        source_partition,
        source_offset
    FROM ledger_results
    FINAL
    WHERE (type = 'redeem') AND (outcome = 'applied')
) AS redeemed ON (moved.program = redeemed.program) AND (moved.subject = redeemed.subject) AND (moved.redemption = redeemed.event_id) AND (moved.redemption_source = redeemed.event_source) AND (moved.source_partition = redeemed.source_partition) AND (moved.source_offset >= redeemed.source_offset);

CREATE TABLE drop_measurements
(
    `drop` String,
    `as_of` Date,
    `design` LowCardinality(String),
    `day` UInt32,
    `days` Nullable(UInt32),
    `people` UInt64,
    `metric` LowCardinality(String),
    `arm` String,
    `difference` Nullable(Float64),
    `low` Nullable(Float64),
    `high` Nullable(Float64),
    `relative` Nullable(Float64),
    `status` LowCardinality(String),
    `words` String,
    `stop` Bool,
    `rule` LowCardinality(String),
    `reason` String,
    `effects` String,
    `measured_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(measured_at)
ORDER BY (drop, as_of)
SETTINGS index_granularity = 8192;

CREATE TABLE evaluations
(
    `program` LowCardinality(String),
    `model_id` String,
    `as_of` Date,
    `scope` LowCardinality(String),
    `rows` UInt64,
    `redeemers` UInt64,
    `people` UInt64,
    `campaigns` Array(String),
    `open_campaigns` Array(String),
    `auc` Nullable(Float64),
    `baseline_auc` Nullable(Float64),
    `difference` Nullable(Float64),
    `difference_low` Nullable(Float64),
    `difference_high` Nullable(Float64),
    `within_auc` Nullable(Float64),
    `within_baseline_auc` Nullable(Float64),
    `within_difference_low` Nullable(Float64),
    `within_difference_high` Nullable(Float64),
    `mean_score` Nullable(Float64),
    `observed_rate` Float64,
    `evaluated_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(evaluated_at)
ORDER BY (program, model_id, scope)
SETTINGS index_granularity = 8192;

CREATE TABLE feature_rows
(
    `program` LowCardinality(String),
    `as_of` Date,
    `purpose` LowCardinality(String),
    `campaign` LowCardinality(String),
    `person` String,
    `at` DateTime64(6, 'UTC'),
    `label` Nullable(UInt8),
    `channel` LowCardinality(String),
    `recency_days` Nullable(Float64),
    `tenure_days` Nullable(Float64),
    `purchases_7d` UInt32,
    `purchases_28d` UInt32,
    `purchases_84d` UInt32,
    `purchase_days_84d` UInt32,
    `spend_28d_cents` Int64,
    `spend_84d_cents` Int64,
    `spend_largest_cents` Int64,
    `spend_average_cents` Nullable(Float64),
    `spend_trend` Nullable(Float64),
    `campaigns_contacted` UInt32,
    `campaigns_running` UInt32,
    `contact_recency_days` Nullable(Float64),
    `redemptions` UInt32,
    `redemptions_90d` UInt32,
    `campaigns_redeemed` UInt32,
    `redemption_recency_days` Nullable(Float64),
    `redemption_rate` Nullable(Float64)
)
ENGINE = MergeTree
PARTITION BY (program, as_of, purpose)
ORDER BY (program, as_of, purpose, campaign, person)
SETTINGS index_granularity = 8192;

CREATE TABLE feature_rows_staging
(
    `program` LowCardinality(String),
    `as_of` Date,
    `purpose` LowCardinality(String),
    `campaign` LowCardinality(String),
    `person` String,
    `at` DateTime64(6, 'UTC'),
    `label` Nullable(UInt8),
    `channel` LowCardinality(String),
    `recency_days` Nullable(Float64),
    `tenure_days` Nullable(Float64),
    `purchases_7d` UInt32,
    `purchases_28d` UInt32,
    `purchases_84d` UInt32,
    `purchase_days_84d` UInt32,
    `spend_28d_cents` Int64,
    `spend_84d_cents` Int64,
    `spend_largest_cents` Int64,
    `spend_average_cents` Nullable(Float64),
    `spend_trend` Nullable(Float64),
    `campaigns_contacted` UInt32,
    `campaigns_running` UInt32,
    `contact_recency_days` Nullable(Float64),
    `redemptions` UInt32,
    `redemptions_90d` UInt32,
    `campaigns_redeemed` UInt32,
    `redemption_recency_days` Nullable(Float64),
    `redemption_rate` Nullable(Float64)
)
ENGINE = MergeTree
PARTITION BY (program, as_of, purpose)
ORDER BY (program, as_of, purpose, campaign, person)
SETTINGS index_granularity = 8192;

CREATE VIEW gifts
(
    `program` LowCardinality(String),
    `payer` String,
    `payee` String,
    `amount` Int64,
    `event_id` String,
    `event_source` String,
    `time` DateTime64(6, 'UTC')
)
AS SELECT
    program,
    subject AS payer,
    counterparty AS payee,
    amount,
    event_id,
    event_source,
    time
FROM ledger_results
FINAL
WHERE (type = 'transfer') AND (outcome = 'applied') AND (amount > 0) AND ((subject, event_source, event_id) NOT IN (
    SELECT
        subject,
        cause_source,
        cause
    FROM ledger_results
    FINAL
    WHERE (outcome = 'applied') AND ((type = 'reverse') OR (step IN ('reversal', 'bounce', 'unclaimed')))
));

CREATE TABLE invalid_days
(
    `day` Date,
    `rules` String,
    `seen` String,
    `judged` DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (day, judged)
SETTINGS index_granularity = 8192;

CREATE TABLE invalid_events
(
    `campaign` LowCardinality(String),
    `kind` LowCardinality(String),
    `number` UInt32,
    `person` String,
    `source` LowCardinality(String),
    `id` String,
    `time` DateTime64(6, 'UTC'),
    `partition` UInt16,
    `channel` LowCardinality(String),
    `format` LowCardinality(String),
    `creative` LowCardinality(String),
    `paid` Bool,
    `measurable` Bool,
    `viewable` Bool,
    `cents` Nullable(Int64),
    `rule` LowCardinality(String),
    `version` LowCardinality(String),
    `sign` Int8,
    `counted` Int8,
    `reason` String,
    `judged` DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (campaign, kind, number, time)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024;

CREATE VIEW invalid_verdicts
(
    `rule` LowCardinality(String),
    `version` LowCardinality(String),
    `campaign` LowCardinality(String),
    `kind` LowCardinality(String),
    `number` UInt32,
    `person` String,
    `source` LowCardinality(String),
    `id` String,
    `time` DateTime64(6, 'UTC'),
    `partition` UInt16,
    `channel` String,
    `format` String,
    `creative` String,
    `paid` Bool,
    `measurable` Bool,
    `viewable` Bool,
    `cents` Nullable(Int64),
    `judged` DateTime64(6, 'UTC')
)
AS SELECT
    i.rule AS rule,
    i.version AS version,
    i.campaign AS campaign,
    i.kind AS kind,
    i.number AS number,
    i.person AS person,
    i.source AS source,
    i.id AS id,
    i.time AS time,
    any(i.partition) AS partition,
    any(i.channel) AS channel,
    any(i.format) AS format,
    any(i.creative) AS creative,
    any(i.paid) AS paid,
    any(i.measurable) AS measurable,
    any(i.viewable) AS viewable,
    any(i.cents) AS cents,
    max(i.judged) AS judged
FROM invalid_events AS i
GROUP BY
    rule,
    version,
    campaign,
    kind,
    number,
    person,
    source,
    id,
    time
HAVING sum(i.sign) > 0;

CREATE TABLE invalid_withdrawals
(
    `rule` LowCardinality(String),
    `version` LowCardinality(String),
    `is_withdrawn` Bool,
    `reason` String,
    `since` DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (rule, version, since)
SETTINGS index_granularity = 8192;

CREATE VIEW known_people
(
    `person` String
)
AS SELECT DISTINCT person
FROM campaign_events
WHERE (campaign = '') AND (type IN ('opened', 'profile', 'link'));

CREATE TABLE ledger_results
(
    `source_partition` UInt16,
    `source_offset` UInt64,
    `event_id` String,
    `event_source` String,
    `type` LowCardinality(String),
    `subject` String,
    `program` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `outcome` LowCardinality(String),
    `reason` LowCardinality(String),
    `amount` Int64,
    `activity` LowCardinality(String),
    `campaign` LowCardinality(String),
    `carrier` LowCardinality(String),
    `counterparty` String,
    `spend` Nullable(Int64),
    `step` LowCardinality(String),
    `cause` String,
    `cause_source` String,
    `item` LowCardinality(String),
    `points` Int64,
    `sharer` String,
    `network` LowCardinality(String),
    `mb` Int64,
    `posting.account` Array(String),
    `posting.kind` Array(LowCardinality(String)),
    `posting.amount` Array(Int64),
    `posting.balance` Array(Int64),
    `posting.version` Array(UInt64),
    `posting.pending` Array(Int64),
    `topic` LowCardinality(String),
    `partition` UInt16,
    `offset` UInt64,
    `arrived` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE VIEW linked_numbers
(
    `number` UInt32,
    `owner` UInt32
)
AS SELECT
    n.number AS number,
    any(l.owner) AS owner
FROM people_numbers AS n
INNER JOIN
(
    SELECT
        other,
        argMax(if(assumeNotNull(linked), number, toUInt32(0)), (toInt128(toUnixTimestamp64Micro(time)) * toInt128('18446744073709551616')) + toInt128(bitOr(bitShiftLeft(toUInt64(partition), 48), offset))) AS owner
    FROM campaign_events
    FINAL
    WHERE (campaign = '') AND (type = 'link')
    GROUP BY other
    HAVING owner != 0
) AS l ON l.other = n.person
GROUP BY number;

CREATE VIEW linked_numbers_known
AS SELECT
    n.number AS number,
    any(l.owner) AS owner
FROM people_numbers AS n
INNER JOIN
(
    SELECT
        other,
        argMax(p.linked, (p.time, p.partition, p.offset)) AS is_linked,
        argMax(p.number, (p.time, p.partition, p.offset)) AS owner
    FROM person_links AS p
    WHERE p.arrived <= {known:DateTime64(6, 'UTC')}
    GROUP BY other
    HAVING is_linked
) AS l ON l.other = n.person
WHERE n.person IN (
    SELECT other
    FROM person_links
)
GROUP BY number;

CREATE VIEW linked_people
(
    `other` String,
    `owner` String
)
AS SELECT
    other,
    argMax(if(linked, person, ''), (time, partition, offset)) AS owner
FROM person_links
GROUP BY other
HAVING owner != '';

CREATE VIEW linked_people_as_of
AS SELECT
    l.other AS other,
    argMax(if(l.linked, l.person, ''), (l.time, l.partition, l.offset)) AS owner,
    argMax(l.number, (l.time, l.partition, l.offset)) AS number
FROM person_links AS l
WHERE (l.time <= {at:DateTime64(6, 'UTC')}) AND (l.arrived <= {known:DateTime64(6, 'UTC')})
GROUP BY other
HAVING owner != '';

CREATE TABLE model_promotions
(
    `program` LowCardinality(String),
    `label` String,
    `number` UInt32,
    `action` LowCardinality(String),
    `version` UInt32,
    `model_id` String,
    `promoted_by` String,
    `why` String,
    `forced` Bool,
    `promoted_at` DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (program, label, number)
SETTINGS index_granularity = 8192;

CREATE TABLE model_versions
(
    `program` LowCardinality(String),
    `label` String,
    `version` UInt32,
    `model_id` String,
    `kind` LowCardinality(String),
    `sha256` String,
    `registered_by` String,
    `registered_at` DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (program, label, version)
SETTINGS index_granularity = 8192;

CREATE TABLE models
(
    `model_id` String,
    `program` LowCardinality(String),
    `as_of` Date,
    `learner` LowCardinality(String),
    `rows` UInt64,
    `redeemers` UInt64,
    `campaigns` Array(String),
    `data_fingerprint` String,
    `metadata` String,
    `sha256` String,
    `trained_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(trained_at)
ORDER BY model_id
SETTINGS index_granularity = 8192;

CREATE VIEW net_counts
AS SELECT
    campaign,
    number,
    toInt64(r.contacted) AS contacted,
    toInt64(r.served) AS served,
    toInt64(r.viewable) AS viewable,
    toInt64(r.served_paid) AS served_paid,
    toInt64(r.viewable_paid) AS viewable_paid
FROM reach_counts AS r
WHERE empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))
UNION ALL
SELECT
    campaign,
    number,
    if(kind = 'contact', -toInt64(counted), 0) AS contacted,
    if((kind = 'exposure') AND (NOT paid), -toInt64(counted), 0) AS served,
    if(i.viewable AND (NOT paid), -toInt64(counted), 0) AS viewable,
    if((kind = 'exposure') AND paid, -toInt64(counted), 0) AS served_paid,
    if(i.viewable AND paid, -toInt64(counted), 0) AS viewable_paid
FROM invalid_events AS i
WHERE (empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))) AND (kind != 'click') AND (counted != 0);

CREATE VIEW net_days
AS WITH
    (
        SELECT groupBitmapState(number)
        FROM invalid_events
        WHERE (empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))) AND (kind != 'click')
    ) AS suspects,
    ifNull(nullIf((
        SELECT argMax(zone, since)
        FROM reach_zone
    ), ''), 'UTC') AS zone
SELECT
    campaign,
    basis,
    paid,
    day,
    channel,
    format,
    creative,
    if(bitmapCardinality(suspects) = 0, d.people, bitmapAndnot(d.people, suspects)) AS people
FROM reach_days AS d
WHERE (empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))) AND ((day >= {begin:Date}) AND (day <= {end:Date}))
UNION ALL
WITH
    (
        SELECT groupBitmapState(number)
        FROM invalid_events
        WHERE (empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))) AND (kind != 'click')
    ) AS suspects,
    ifNull(nullIf((
        SELECT argMax(zone, since)
        FROM reach_zone
    ), ''), 'UTC') AS zone
SELECT
    campaign,
    basis,
    paid,
    day,
    channel,
    format,
    creative,
    groupBitmapState(number) AS people
FROM
(
    SELECT
        campaign,
        basis,
        paid,
        day,
        channel,
        format,
        creative,
        number
    FROM
    (
        SELECT
            *,
            multiIf(kind = 'contact', ['contacted'], viewable, ['served', 'viewable'], ['served']) AS bases
        FROM
        (
            SELECT
                campaign,
                kind,
                paid,
                toDate(time, zone) AS day,
                channel,
                format,
                creative,
                viewable,
                number,
                toInt64(1) AS times
            FROM traffic
            WHERE (empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))) AND (kind IN ('contact', 'exposure')) AND (person IN (
                SELECT person
                FROM invalid_events
                WHERE (empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))) AND (kind != 'click')
            ))
            UNION ALL
            SELECT
                campaign,
                kind,
                paid,
                toDate(time, zone) AS day,
                channel,
                format,
                creative,
                viewable,
                number,
                -toInt64(counted) AS times
            FROM invalid_events
            WHERE (empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))) AND (kind != 'click')
        )
        WHERE (day >= {begin:Date}) AND (day <= {end:Date})
    )
    ARRAY JOIN bases AS basis
    GROUP BY
        campaign,
        basis,
        paid,
        day,
        channel,
        format,
        creative,
        number
    HAVING sum(times) > 0
)
GROUP BY
    campaign,
    basis,
    paid,
    day,
    channel,
    format,
    creative;

CREATE VIEW net_events
AS SELECT
    campaign,
    type,
    number,
    time,
    channel,
    format,
    creative,
    pixels,
    seconds,
    paid,
    cost,
    toInt64(1) AS times
FROM campaign_events
WHERE (campaign IN ({campaigns:Array(String)})) AND (type IN ('contact', 'exposure')) AND (number != 0) AND (({known:DateTime64(6, 'UTC')} >= toDateTime64('2200-01-01', 6, 'UTC')) OR (arrived <= {known:DateTime64(6, 'UTC')}))
UNION ALL
SELECT
    c.campaign,
    c.type,
    c.number,
    c.time,
    c.channel,
    c.format,
    c.creative,
    c.pixels,
    c.seconds,
    c.paid,
    c.cost,
    -i.invalid AS times
FROM campaign_events AS c
INNER JOIN
(
    SELECT
        campaign,
        kind,
        person,
        source,
        id,
        sum(toInt64(counted)) AS invalid
    FROM invalid_events
    WHERE {net:Bool} AND (campaign IN ({campaigns:Array(String)})) AND (kind != 'click') AND (judged <= {known:DateTime64(6, 'UTC')})
    GROUP BY
        campaign,
        kind,
        person,
        source,
        id
    HAVING invalid != 0
) AS i ON (i.campaign = c.campaign) AND (i.kind = c.type) AND (i.person = c.person) AND (i.source = c.source) AND (i.id = c.id)
WHERE (c.campaign IN ({campaigns:Array(String)})) AND (c.type IN ('contact', 'exposure')) AND (c.number != 0) AND (c.person IN (
    SELECT person
    FROM invalid_events
    WHERE {net:Bool} AND (campaign IN ({campaigns:Array(String)})) AND (kind != 'click')
)) AND (c.arrived <= {known:DateTime64(6, 'UTC')});

CREATE VIEW net_person_frequency
AS WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers_known(known = {known:DateTime64(6, 'UTC')}) AS l
    ) AS links,
    (n -> if(empty(links.1), n, transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n))) AS as_person
SELECT
    person,
    own,
    sumIf(times, is_contact) AS contacted,
    sumIf(times, is_served AND (NOT paid)) AS served,
    sumIf(times, is_viewable AND (NOT paid)) AS viewable,
    sumIf(times, is_served AND paid) AS served_paid,
    sumIf(times, is_viewable AND paid) AS viewable_paid,
    sumIf(times * cents, is_contact) AS contacted_cents,
    sumIf(times * cents, is_served AND (NOT paid)) AS served_cents,
    sumIf(times * cents, is_served AND paid) AS served_paid_cents,
    sumIf(times, is_contact AND is_priced) AS contacted_priced,
    sumIf(times, is_served AND (NOT paid) AND is_priced) AS served_priced,
    sumIf(times, is_served AND paid AND is_priced) AS served_paid_priced,
    sumIf(times * in_view_ms, is_viewable AND (NOT paid)) AS viewable_ms,
    sumIf(times * in_view_ms, is_viewable AND paid) AS viewable_paid_ms
FROM
(
    SELECT
        as_person(number) AS person,
        multiIf({by:String} = 'channel', channel, {by:String} = 'creative', creative, {by:String} = 'format', format, {by:String} = 'hour', leftPad(toString(toHour(time, {zone:String})), 2, '0'), '') AS own,
        type = 'contact' AS is_contact,
        type = 'exposure' AS is_served,
        is_served AND (ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)) AND (ifNull(seconds, 0) >= if(format = 'video', 2, 1)) AS is_viewable,
        paid,
        times,
        ifNull(cost, 0) AS cents,
        isNotNull(cost) AS is_priced,
        if({seconds:Float64} = 0, 0, toInt64(round(1000 * least(ifNull(seconds, 0), {seconds:Float64})))) AS in_view_ms
    FROM net_events(campaigns = {campaigns:Array(String)}, known = {known:DateTime64(6, 'UTC')}, net = true)
    WHERE {is_whole:Bool} OR ((toDate(time, {zone:String}) >= {begin:Date}) AND (toDate(time, {zone:String}) <= {end:Date}))
)
GROUP BY
    person,
    own;

CREATE VIEW net_reached_people
AS WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers AS l
    ) AS links,
    bitmapBuild(links.1) AS linked,
    arrayPushBack(links.1, 0) AS others,
    arrayPushBack(links.2, 0) AS owners,
    (people -> bitmapOr(bitmapAndnot(people, linked), bitmapBuild(arrayMap(n -> transform(n, others, owners, toUInt32(0)), bitmapToArray(bitmapAnd(people, linked)))))) AS as_persons
SELECT
    toString(campaign) AS campaign,
    as_persons(groupBitmapMergeState(n.people)) AS people
FROM net_days(campaigns = {campaigns:Array(String)}, begin = {begin:Date}, end = {end:Date}) AS n
WHERE (basis = {basis:String}) AND (NOT paid)
GROUP BY campaign;

CREATE VIEW net_sums
AS WITH
    ifNull(nullIf((
        SELECT argMax(zone, since)
        FROM reach_zone
    ), ''), 'UTC') AS zone
SELECT
    campaign,
    kind,
    paid,
    day,
    channel,
    format,
    creative,
    s.events AS events,
    s.measurable AS measurable,
    s.viewable AS viewable,
    s.cents AS cents,
    s.priced AS priced
FROM reach_sums AS s
WHERE (empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))) AND ((day >= {begin:Date}) AND (day <= {end:Date}))
UNION ALL
WITH
    ifNull(nullIf((
        SELECT argMax(zone, since)
        FROM reach_zone
    ), ''), 'UTC') AS zone
SELECT
    campaign,
    kind,
    paid,
    toDate(i.time, zone) AS day,
    channel,
    format,
    creative,
    -toInt64(i.counted) AS events,
    if(i.measurable, -toInt64(i.counted), 0) AS measurable,
    if(i.viewable, -toInt64(i.counted), 0) AS viewable,
    (-toInt64(i.counted)) * ifNull(i.cents, 0) AS cents,
    if(isNull(i.cents), 0, -toInt64(i.counted)) AS priced
FROM invalid_events AS i
WHERE (empty({campaigns:Array(String)}) OR (campaign IN ({campaigns:Array(String)}))) AND (kind != 'click') AND (counted != 0) AND ((toDate(i.time, zone) >= {begin:Date}) AND (toDate(i.time, zone) <= {end:Date}));

CREATE VIEW packet_draws
(
    `program` LowCardinality(String),
    `packet` String,
    `sender` String,
    `claimer` String,
    `amount` Int64,
    `event_id` String,
    `event_source` String,
    `time` DateTime64(6, 'UTC')
)
AS SELECT
    draws.program AS program,
    draws.subject AS packet,
    sent.subject AS sender,
    draws.counterparty AS claimer,
    draws.amount AS amount,
    draws.event_id AS event_id,
    draws.event_source AS event_source,
    draws.time AS time
FROM
(
    SELECT
        program,
        subject,
        counterparty,
        amount,
        event_id,
        event_source,
        time
    FROM ledger_results
    FINAL
    WHERE (type = 'packet_claim') AND (outcome = 'applied')
) AS draws
INNER JOIN
(
    SELECT
        counterparty,
        subject
    FROM ledger_results
    FINAL
    WHERE (type = 'packet_send') AND (outcome = 'applied')
) AS sent ON draws.subject = sent.counterparty;

CREATE VIEW people
(
    `person` String,
    `number` UInt32,
    `since` DateTime64(6, 'UTC')
)
AS SELECT
    e.person AS person,
    any(e.number) AS number,
    min(e.time) AS since
FROM campaign_events AS e
WHERE e.number != 0
GROUP BY person;

CREATE TABLE people_bitmaps
(
    `kind` LowCardinality(String),
    `people` AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY kind
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE MATERIALIZED VIEW people_known_view TO people_bitmaps
(
    `kind` String,
    `people` AggregateFunction(groupBitmap, UInt32)
)
AS SELECT
    'known' AS kind,
    groupBitmapState(number) AS people
FROM campaign_stream
WHERE (campaign = '') AND (type IN ('opened', 'profile', 'link'))
GROUP BY kind;

CREATE TABLE people_numbers
(
    `person` String,
    `number` UInt32
)
ENGINE = ReplacingMergeTree
ORDER BY person
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE MATERIALIZED VIEW people_numbers_view TO people_numbers
(
    `person` String,
    `number` UInt32
)
AS SELECT
    person,
    number
FROM campaign_stream
WHERE NOT bitmapContains((
    SELECT groupBitmapMergeState(people)
    FROM people_bitmaps
    WHERE kind = 'seen'
), number)
GROUP BY
    person,
    number;

CREATE MATERIALIZED VIEW people_seen_view TO people_bitmaps
(
    `kind` String,
    `people` AggregateFunction(groupBitmap, UInt32)
)
AS SELECT
    'seen' AS kind,
    groupBitmapState(number) AS people
FROM people_numbers
GROUP BY kind;

CREATE VIEW person_attributes
(
    `person` String,
    `number` UInt32,
    `source` LowCardinality(String),
    `name` String,
    `value` String,
    `time` DateTime64(6, 'UTC'),
    `partition` UInt16,
    `offset` UInt64,
    `arrived` DateTime64(3, 'UTC')
)
AS SELECT
    person,
    number,
    source,
    attribute.1 AS name,
    attribute.2 AS value,
    time,
    partition,
    offset,
    arrived
FROM campaign_events
FINAL
ARRAY JOIN CAST(attributes, 'Array(Tuple(String, String))') AS attribute
WHERE (campaign = '') AND (type = 'profile');

CREATE VIEW person_attributes_as_of
AS SELECT
    person,
    number,
    name,
    source,
    value,
    said.1 AS time,
    id,
    row_number() OVER (PARTITION BY person, name ORDER BY said DESC) = 1 AS latest
FROM
(
    SELECT
        if(l.owner = '', a.person, l.owner) AS person,
        max(if(l.owner = '', a.number, l.number)) AS number,
        a.name AS name,
        a.source AS source,
        argMax(a.value, (a.time, a.partition, a.offset)) AS value,
        argMax(a.person, (a.time, a.partition, a.offset)) AS id,
        max((a.time, a.partition, a.offset)) AS said
    FROM person_attributes AS a
    LEFT JOIN linked_people_as_of(at = {at:DateTime64(6, 'UTC')}, known = {known:DateTime64(6, 'UTC')}) AS l ON l.other = a.person
    WHERE (a.time <= {at:DateTime64(6, 'UTC')}) AND (a.arrived <= {known:DateTime64(6, 'UTC')})
    GROUP BY
        person,
        name,
        source
    HAVING value != 'null'
);

CREATE VIEW person_events
(
    `campaign` LowCardinality(String),
    `type` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `person` String,
    `id` String,
    `source` LowCardinality(String),
    `arm` LowCardinality(String),
    `probability` Nullable(Float64),
    `channel` LowCardinality(String),
    `until` Nullable(DateTime64(6, 'UTC')),
    `value` Nullable(Int64),
    `cost` Nullable(Int64)
)
AS SELECT
    e.campaign AS campaign,
    e.type AS type,
    e.time AS time,
    if(l.owner = '', e.person, l.owner) AS person,
    e.person AS id,
    e.source AS source,
    e.arm AS arm,
    e.probability AS probability,
    e.channel AS channel,
    e.until AS until,
    e.value AS value,
    e.cost AS cost
FROM campaign_events AS e
FINAL
LEFT JOIN linked_people AS l ON l.other = e.person;

CREATE VIEW person_frequency
AS WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers_known(known = {known:DateTime64(6, 'UTC')}) AS l
    ) AS links,
    (n -> if(empty(links.1), n, transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n))) AS as_person
SELECT
    person,
    own,
    countIf(is_contact) AS contacted,
    countIf(is_served AND (NOT paid)) AS served,
    countIf(is_viewable AND (NOT paid)) AS viewable,
    countIf(is_served AND paid) AS served_paid,
    countIf(is_viewable AND paid) AS viewable_paid,
    sumIf(cents, is_contact) AS contacted_cents,
    sumIf(cents, is_served AND (NOT paid)) AS served_cents,
    sumIf(cents, is_served AND paid) AS served_paid_cents,
    countIf(is_contact AND is_priced) AS contacted_priced,
    countIf(is_served AND (NOT paid) AND is_priced) AS served_priced,
    countIf(is_served AND paid AND is_priced) AS served_paid_priced,
    sumIf(in_view_ms, is_viewable AND (NOT paid)) AS viewable_ms,
    sumIf(in_view_ms, is_viewable AND paid) AS viewable_paid_ms
FROM
(
    SELECT
        as_person(number) AS person,
        multiIf({by:String} = 'channel', channel, {by:String} = 'creative', creative, {by:String} = 'format', format, {by:String} = 'hour', leftPad(toString(toHour(time, {zone:String})), 2, '0'), '') AS own,
        type = 'contact' AS is_contact,
        type = 'exposure' AS is_served,
        is_served AND (ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)) AND (ifNull(seconds, 0) >= if(format = 'video', 2, 1)) AS is_viewable,
        paid,
        ifNull(cost, 0) AS cents,
        isNotNull(cost) AS is_priced,
        if({seconds:Float64} = 0, 0, toInt64(round(1000 * least(ifNull(seconds, 0), {seconds:Float64})))) AS in_view_ms
    FROM campaign_events
    WHERE (campaign IN ({campaigns:Array(String)})) AND (type IN ('contact', 'exposure')) AND (number != 0) AND ({is_whole:Bool} OR ((toDate(time, {zone:String}) >= {begin:Date}) AND (toDate(time, {zone:String}) <= {end:Date})))
)
GROUP BY
    person,
    own;

CREATE VIEW person_links
(
    `other` String,
    `kind` LowCardinality(String),
    `person` String,
    `number` UInt32,
    `linked` Bool,
    `source` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `partition` UInt16,
    `offset` UInt64,
    `arrived` DateTime64(3, 'UTC')
)
AS SELECT
    other,
    kind,
    person,
    number,
    assumeNotNull(linked) AS linked,
    source,
    time,
    partition,
    offset,
    arrived
FROM campaign_events
FINAL
WHERE (campaign = '') AND (type = 'link');

CREATE VIEW person_values
AS WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers_known(known = {known:DateTime64(6, 'UTC')}) AS l
    ) AS links,
    (n -> if(empty(links.1), n, transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n))) AS as_person
SELECT
    person,
    if({by:String} = 'attribute', argMax(u.value, u.said), arrayStringConcat(arraySort(groupUniqArrayIf(u.value, {by:String} != 'attribute')), ' + ')) AS value
FROM
(
    SELECT
        as_person(t.number) AS person,
        argMax(t.value, t.said) AS value,
        max(t.said) AS said
    FROM
    (
        SELECT
            a.number AS number,
            a.source AS source,
            a.value AS value,
            (toInt128(toUnixTimestamp64Micro(a.time)) * toInt128('18446744073709551616')) + toInt128(bitOr(bitShiftLeft(toUInt64(a.partition), 48), a.offset)) AS said
        FROM person_attributes AS a
        WHERE ({by:String} = 'attribute') AND (a.name IN ({names:Array(String)})) AND (toDate(a.time, {zone:String}) < {as_of:Date}) AND (a.arrived <= {known:DateTime64(6, 'UTC')})
        UNION ALL
        SELECT
            n.number,
            m.audience,
            m.audience,
            toInt128(0)
        FROM people_numbers AS n
        INNER JOIN
        (
            SELECT
                person,
                audience
            FROM audience_members
            WHERE ({by:String} = 'audience') AND (audience IN ({names:Array(String)})) AND (fingerprint IN (
                SELECT f.fingerprint
                FROM audiences AS f
                WHERE f.frozen_at <= {known:DateTime64(6, 'UTC')}
            ))
        ) AS m ON m.person = n.person
        UNION ALL
        SELECT
            n.number,
            '',
            toString(d.decile),
            toInt128(10 - d.decile)
        FROM people_numbers AS n
        INNER JOIN
        (
            SELECT
                s.person AS person,
                toUInt8(ceil((10 * row_number() OVER (ORDER BY s.score DESC, s.person ASC)) / count() OVER ())) AS decile
            FROM scores AS s
            WHERE ({by:String} = 'decile') AND (s.program IN ({names:Array(String)})) AND (s.as_of = (
                SELECT max(r.as_of)
                FROM scores AS r
                WHERE (r.program IN ({names:Array(String)})) AND (r.as_of <= {as_of:Date}) AND (r.as_of <= toDate32({known:DateTime64(6, 'UTC')}))
            ))
        ) AS d ON d.person = n.person
        UNION ALL
        SELECT
            c.number,
            c.arm,
            c.arm,
            toInt128(0)
        FROM campaign_events AS c
        WHERE ({by:String} = 'arm') AND (c.campaign IN ({names:Array(String)})) AND (c.type = 'assignment') AND (c.number != 0) AND (c.arrived <= {known:DateTime64(6, 'UTC')})
    ) AS t
    GROUP BY
        person,
        t.source
    HAVING ({by:String} != 'attribute') OR (value != 'null')
) AS u
GROUP BY person;

CREATE TABLE postings
(
    `account` String,
    `version` UInt64,
    `kind` LowCardinality(String),
    `program` LowCardinality(String),
    `amount` Int64,
    `balance` Int64,
    `pending` Int64,
    `event_id` String,
    `event_source` String,
    `cause` String,
    `cause_source` String,
    `type` LowCardinality(String),
    `step` LowCardinality(String),
    `subject` String,
    `campaign` LowCardinality(String),
    `activity` LowCardinality(String),
    `counterparty` String,
    `time` DateTime64(6, 'UTC'),
    `source_partition` UInt16,
    `source_offset` UInt64,
    `arrived` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (account, version)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE MATERIALIZED VIEW postings_view TO postings
(
    `account` String,
    `version` UInt64,
    `kind` LowCardinality(String),
    `program` LowCardinality(String),
    `amount` Int64,
    `balance` Int64,
    `pending` Int64,
    `event_id` String,
    `event_source` String,
    `cause` String,
    `cause_source` String,
    `type` LowCardinality(String),
    `step` LowCardinality(String),
    `subject` String,
    `campaign` LowCardinality(String),
    `activity` LowCardinality(String),
    `counterparty` String,
    `time` DateTime64(6, 'UTC'),
    `source_partition` UInt16,
    `source_offset` UInt64,
    `arrived` DateTime64(3, 'UTC')
)
AS SELECT
    posting_account AS account,
    posting_version AS version,
    posting_kind AS kind,
    program,
    posting_amount AS amount,
    posting_balance AS balance,
    posting_pending AS pending,
    event_id,
    event_source,
    cause,
    cause_source,
    type,
    step,
    subject,
    campaign,
    activity,
    counterparty,
    time,
    source_partition,
    source_offset,
    arrived
FROM ledger_results
ARRAY JOIN
    `posting.account` AS posting_account,
    `posting.version` AS posting_version,
    `posting.kind` AS posting_kind,
    `posting.amount` AS posting_amount,
    `posting.balance` AS posting_balance,
    `posting.pending` AS posting_pending;

CREATE TABLE reach_by_day
(
    `campaign` LowCardinality(String),
    `basis` LowCardinality(String),
    `paid` Bool,
    `day` Date,
    `people` AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY (campaign, basis, paid, day)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 16;

CREATE MATERIALIZED VIEW reach_by_day_view TO reach_by_day
(
    `campaign` LowCardinality(String),
    `basis` LowCardinality(String),
    `paid` Bool,
    `day` Date,
    `people` AggregateFunction(groupBitmap, UInt32)
)
AS SELECT
    campaign,
    basis,
    paid,
    day,
    groupBitmapMergeState(d.people) AS people
FROM reach_days AS d
GROUP BY
    campaign,
    basis,
    paid,
    day;

CREATE TABLE reach_campaigns
(
    `campaign` LowCardinality(String),
    `basis` LowCardinality(String),
    `paid` Bool,
    `people` AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY (campaign, basis, paid)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8;

CREATE MATERIALIZED VIEW reach_campaigns_view TO reach_campaigns
(
    `campaign` LowCardinality(String),
    `basis` LowCardinality(String),
    `paid` Bool,
    `people` AggregateFunction(groupBitmap, UInt32)
)
AS SELECT
    campaign,
    basis,
    paid,
    groupBitmapMergeState(d.people) AS people
FROM reach_days AS d
GROUP BY
    campaign,
    basis,
    paid;

CREATE TABLE reach_counts
(
    `campaign` LowCardinality(String),
    `number` UInt32,
    `partition` UInt16,
    `contacted` Int32,
    `served` Int32,
    `viewable` Int32,
    `served_paid` Int32,
    `viewable_paid` Int32
)
ENGINE = SummingMergeTree
ORDER BY (campaign, number, partition)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE MATERIALIZED VIEW reach_counts_view TO reach_counts
(
    `campaign` LowCardinality(String),
    `number` UInt32,
    `partition` UInt16,
    `contacted` UInt64,
    `served` UInt64,
    `viewable` UInt64,
    `served_paid` UInt64,
    `viewable_paid` UInt64
)
AS SELECT
    campaign,
    number,
    partition,
    countIf(kind = 'contact') AS contacted,
    countIf((kind = 'exposure') AND (NOT paid)) AS served,
    countIf(e.viewable AND (NOT paid)) AS viewable,
    countIf((kind = 'exposure') AND paid) AS served_paid,
    countIf(e.viewable AND paid) AS viewable_paid
FROM reach_events AS e
GROUP BY
    campaign,
    number,
    partition;

CREATE TABLE reach_days
(
    `campaign` LowCardinality(String),
    `basis` LowCardinality(String),
    `paid` Bool,
    `day` Date,
    `channel` LowCardinality(String),
    `format` LowCardinality(String),
    `creative` LowCardinality(String),
    `people` AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY (campaign, basis, paid, day, channel, format, creative)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 64;

CREATE MATERIALIZED VIEW reach_days_view TO reach_days
(
    `campaign` LowCardinality(String),
    `basis` String,
    `paid` Bool,
    `day` Date,
    `channel` LowCardinality(String),
    `format` LowCardinality(String),
    `creative` LowCardinality(String),
    `people` AggregateFunction(groupBitmap, UInt32)
)
AS SELECT
    campaign,
    basis,
    paid,
    day,
    channel,
    format,
    creative,
    groupBitmapState(number) AS people
FROM reach_events
ARRAY JOIN multiIf(kind = 'contact', ['contacted'], viewable, ['served', 'viewable'], ['served']) AS basis
GROUP BY
    campaign,
    basis,
    paid,
    day,
    channel,
    format,
    creative;

CREATE TABLE reach_events
(
    `campaign` LowCardinality(String),
    `kind` LowCardinality(String),
    `paid` Bool,
    `day` Date,
    `channel` LowCardinality(String),
    `format` LowCardinality(String),
    `creative` LowCardinality(String),
    `number` UInt32,
    `partition` UInt16,
    `measurable` Bool,
    `viewable` Bool,
    `cents` Nullable(Int64)
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW reach_events_view TO reach_events
(
    `campaign` LowCardinality(String),
    `kind` LowCardinality(String),
    `paid` Bool,
    `day` Date,
    `channel` LowCardinality(String),
    `format` LowCardinality(String),
    `creative` LowCardinality(String),
    `number` UInt32,
    `partition` UInt16,
    `measurable` UInt8,
    `viewable` UInt8,
    `cents` Nullable(Int64)
)
AS SELECT
    campaign,
    type AS kind,
    paid,
    toDate(time, ifNull(nullIf((
        SELECT argMax(zone, since)
        FROM reach_zone
    ), ''), 'UTC')) AS day,
    channel,
    format,
    creative,
    number,
    partition,
    (type = 'exposure') AND isNotNull(pixels) AND isNotNull(seconds) AS measurable,
    measurable AND (ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)) AND (ifNull(seconds, 0) >= if(format = 'video', 2, 1)) AS viewable,
    cost AS cents
FROM campaign_stream
WHERE type IN ('contact', 'exposure');

CREATE TABLE reach_sums
(
    `campaign` LowCardinality(String),
    `kind` LowCardinality(String),
    `paid` Bool,
    `day` Date,
    `channel` LowCardinality(String),
    `format` LowCardinality(String),
    `creative` LowCardinality(String),
    `partition` UInt16,
    `events` Int64,
    `measurable` Int64,
    `viewable` Int64,
    `cents` Int64,
    `priced` Int64
)
ENGINE = SummingMergeTree
ORDER BY (campaign, kind, paid, day, channel, format, creative, partition)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE MATERIALIZED VIEW reach_sums_view TO reach_sums
(
    `campaign` LowCardinality(String),
    `kind` LowCardinality(String),
    `paid` Bool,
    `day` Date,
    `channel` LowCardinality(String),
    `format` LowCardinality(String),
    `creative` LowCardinality(String),
    `partition` UInt16,
    `events` UInt64,
    `measurable` UInt64,
    `viewable` UInt64,
    `cents` Int64,
    `priced` UInt64
)
AS SELECT
    campaign,
    kind,
    paid,
    day,
    channel,
    format,
    creative,
    partition,
    count() AS events,
    countIf(e.measurable) AS measurable,
    countIf(e.viewable) AS viewable,
    sum(ifNull(e.cents, 0)) AS cents,
    countIf(isNotNull(e.cents)) AS priced
FROM reach_events AS e
GROUP BY
    campaign,
    kind,
    paid,
    day,
    channel,
    format,
    creative,
    partition;

CREATE TABLE reach_zone
(
    `zone` String,
    `is_complete` Bool,
    `since` DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY since
SETTINGS index_granularity = 8192;

CREATE VIEW reached_people
AS WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers AS l
    ) AS links,
    bitmapBuild(links.1) AS linked,
    arrayPushBack(links.1, 0) AS others,
    arrayPushBack(links.2, 0) AS owners,
    (people -> if(bitmapHasAny(people, linked), bitmapOr(bitmapAndnot(people, linked), bitmapBuild(arrayMap(n -> transform(n, others, owners, toUInt32(0)), bitmapToArray(bitmapAnd(people, linked))))), people)) AS as_persons
SELECT
    toString(campaign) AS campaign,
    as_persons(groupBitmapMergeState(r.people)) AS people
FROM
(
    SELECT
        campaign,
        people
    FROM reach_campaigns
    WHERE (campaign IN ({campaigns:Array(String)})) AND (basis = {basis:String}) AND (NOT paid) AND {is_whole:Bool}
    UNION ALL
    SELECT
        campaign,
        people
    FROM reach_by_day
    WHERE (campaign IN ({campaigns:Array(String)})) AND (basis = {basis:String}) AND (NOT paid) AND ((day >= {begin:Date}) AND (day <= {end:Date})) AND (NOT {is_whole:Bool})
) AS r
GROUP BY campaign;

CREATE TABLE schema_versions
(
    `version` UInt32,
    `md5` String,
    `script` String,
    `created_at` DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY tuple(created_at)
SETTINGS index_granularity = 8192;

CREATE TABLE scores
(
    `program` LowCardinality(String),
    `as_of` Date,
    `model_id` String,
    `person` String,
    `score` Float64
)
ENGINE = MergeTree
PARTITION BY (program, as_of)
ORDER BY (program, as_of, person)
SETTINGS index_granularity = 8192;

CREATE TABLE scores_staging
(
    `program` LowCardinality(String),
    `as_of` Date,
    `model_id` String,
    `person` String,
    `score` Float64
)
ENGINE = MergeTree
PARTITION BY (program, as_of)
ORDER BY (program, as_of, person)
SETTINGS index_granularity = 8192;

CREATE VIEW settlement_postings
(
    `party` String,
    `operation` String,
    `name` String,
    `account` String,
    `version` UInt64,
    `kind` LowCardinality(String),
    `program` LowCardinality(String),
    `amount` Int64,
    `event_id` String,
    `event_source` String,
    `cause` String,
    `cause_source` String,
    `campaign` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `source_partition` UInt16,
    `source_offset` UInt64
)
AS SELECT
    multiIf(kind = 'wallet', 'wallets', kind = 'packet', 'packets', kind = 'deposit', 'deposits', kind = 'waiting', 'waiting', kind = 'budget', concat('advertiser:', extract(account, '^budget:(.*?)(?:@[0-9]+)?$')), (kind = 'clearing') AND (campaign != '') AND (step != 'unclaimed'), concat('advertiser:', campaign), (kind = 'issuer') AND (activity != ''), concat('department:', activity), concat(if(kind = '', 'unknown', kind), ':', if(name = '', account, name))) AS party,
    multiIf(type != 'leg', type, step = 'claim', 'packet_claim', step) AS operation,
    extract(account, '^[^:]*:(.*?)(?::[^:@]*)?(?:@[0-9]+)?$') AS name,
    account,
    version,
    kind,
    program,
    amount,
    event_id,
    event_source,
    cause,
    cause_source,
    campaign,
    time,
    source_partition,
    source_offset
FROM postings
FINAL
WHERE amount != 0;

CREATE VIEW traffic
(
    `campaign` LowCardinality(String),
    `kind` LowCardinality(String),
    `number` UInt32,
    `person` String,
    `source` LowCardinality(String),
    `id` String,
    `time` DateTime64(6, 'UTC'),
    `partition` UInt16,
    `channel` LowCardinality(String),
    `format` LowCardinality(String),
    `creative` LowCardinality(String),
    `paid` Bool,
    `pixels` Nullable(Float64),
    `seconds` Nullable(Float64),
    `measurable` UInt8,
    `viewable` UInt8,
    `cents` Nullable(Int64),
    `network` LowCardinality(String),
    `agent` LowCardinality(String)
)
AS SELECT
    campaign,
    type AS kind,
    number,
    person,
    source,
    id,
    time,
    partition,
    channel,
    format,
    creative,
    paid,
    pixels,
    seconds,
    (type = 'exposure') AND isNotNull(pixels) AND isNotNull(seconds) AS measurable,
    measurable AND (ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)) AND (ifNull(seconds, 0) >= if(format = 'video', 2, 1)) AS viewable,
    cost AS cents,
    network,
    agent
FROM campaign_events
WHERE (type IN ('contact', 'exposure', 'click')) AND (number != 0);

CREATE TABLE uplift_models
(
    `model_id` String,
    `program` LowCardinality(String),
    `learner` String,
    `rows` UInt64,
    `metadata` String,
    `sha256` String,
    `trained_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(trained_at)
ORDER BY model_id
SETTINGS index_granularity = 8192;

CREATE VIEW wallet_moves
(
    `program` LowCardinality(String),
    `account` String,
    `place` Tuple(
        LowCardinality(UInt8),
        UInt64),
    `kind` LowCardinality(String),
    `amount` Int64,
    `operation` String,
    `activity` LowCardinality(String),
    `campaign` LowCardinality(String),
    `time` DateTime64(6, 'UTC'),
    `named` Tuple(
        String,
        String,
        String,
        String),
    `of_subject` String,
    `source_partition` UInt16,
    `source_offset` UInt64
)
AS SELECT
    program,
    multiIf(kind = 'waiting', extract(account, '^waiting:[^:]*:(.*)$'), kind = 'clearing', counterparty, account) AS account,
    (kind = 'wallet', version) AS place,
    kind,
    if(type = 'open', 0, postings.amount) AS amount,
    if(type = 'leg', step, type) AS operation,
    activity,
    campaign,
    time,
    multiIf(type = 'packet_send', (counterparty, '', '', campaign), type = 'packet_expire', (subject, '', '', campaign), (cause = '') OR (type IN ('reward', 'packet_claim')), (of_subject, event_source, event_id, campaign), (of_subject, cause_source, cause, campaign)) AS named,
    multiIf(type != 'leg', subject, (step IN ('reversal', 'bounce', 'unclaimed')), subject, (step = 'grant') AND (NOT match(counterparty, '@[0-9]+$')), subject, counterparty) AS of_subject,
    source_partition,
    source_offset
FROM postings
FINAL
WHERE (postings.amount != 0) AND (((kind IN ('wallet', 'waiting')) AND (type != 'waiting_return')) OR ((kind = 'clearing') AND (step = 'unclaimed')));
