-- One row: what is planned of the campaign, and until when events are known. `measured` is what was
-- recorded first of how it is measured; nothing said later changes it.
SELECT
    described.goal AS goal, -- reach, visits, conversions, value; '' where no description says
    multiIf(
        measured.end IS NOT NULL, measured.end,
        described.end IS NOT NULL, described.end,
        offered.end
    ) AS end, -- NULL where nothing says
    assigned.begin AS begin, -- NULL while nobody is assigned
    known.until AS known_until,
    measured.design AS design, -- '' where nothing was recorded, and then none of what follows
    measured.recorded_at AS recorded_at,
    measured.goals AS goals,
    measured.guardrails AS guardrails,
    measured.people AS planned_people,
    measured.tuned_at AS tuned_at,
    measured.smallest_lift AS smallest_lift
FROM (SELECT max(time) AS until FROM campaign_events) AS known
CROSS JOIN
(
    SELECT
        argMax(d.goal, (d.time, d.offset)) AS goal,
        argMax(tuple(d.end), (d.time, d.offset)).1 AS end
    FROM campaign_descriptions AS d
    WHERE d.campaign = {campaign:String}
) AS described
CROSS JOIN
(
    SELECT
        argMin(m.design, (m.arrived, m.offset)) AS design,
        argMin(m.time, (m.arrived, m.offset)) AS recorded_at,
        argMin(m.goals, (m.arrived, m.offset)) AS goals,
        argMin(m.guardrails, (m.arrived, m.offset)) AS guardrails,
        argMin(tuple(m.people), (m.arrived, m.offset)).1 AS people,
        argMin(tuple(m.end), (m.arrived, m.offset)).1 AS end,
        argMin(tuple(m.tuned_at), (m.arrived, m.offset)).1 AS tuned_at,
        argMin(tuple(m.smallest_lift), (m.arrived, m.offset)).1 AS smallest_lift
    FROM campaign_measurements AS m
    WHERE m.campaign = {campaign:String}
) AS measured
CROSS JOIN
(
    SELECT max(until) AS end
    FROM person_events
    WHERE campaign = {campaign:String} AND type = 'contact'
) AS offered
CROSS JOIN
(
    SELECT minOrNull(time) AS begin
    FROM person_events
    WHERE campaign = {campaign:String} AND type = 'assignment'
) AS assigned
