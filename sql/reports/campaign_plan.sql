-- One row: what is planned of the campaign, and until when events are known.
SELECT
    described.goal AS goal, -- reach, visits, conversions, value; '' where no description says
    if(described.end IS NOT NULL, described.end, offered.end) AS end, -- NULL where nothing says
    assigned.begin AS begin, -- NULL while nobody is assigned
    known.until AS known_until
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
