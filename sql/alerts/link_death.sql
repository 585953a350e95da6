-- Repositories of papers that a rule asks for which are gone, empty or somebody else's now.
-- grain: rule, subject, occurred_on
-- rule: the rule
-- subject: the repository
-- occurred_on: first day on which it was seen so after the last figures that its host gave
-- keyword: none
-- paper_id: none
-- repository_url: the repository
-- value: papers that name it
-- title: what happened
-- evidence: the sentence with which a paper names it
-- url: the repository
WITH dead AS (
    SELECT repository_url, state
    FROM core.repositories
    WHERE state IN ('gone', 'empty', 'squatted')
),

-- What was never seen well was dead from the first day. An empty repository has figures all the same.
seen AS (
    SELECT
        dead.repository_url,
        dead.state,
        max(observations.observed_on) FILTER (observations.stars IS NOT NULL AND dead.state <> 'empty') AS well_on
    FROM dead
    INNER JOIN core.repository_observations AS observations USING (repository_url)
    GROUP BY dead.repository_url, dead.state
),

dated AS (
    SELECT
        seen.repository_url,
        seen.state,
        coalesce(
            min(observations.observed_on) FILTER (seen.well_on IS NULL OR observations.observed_on > seen.well_on),
            max(observations.observed_on)
        ) AS occurred_on
    FROM seen
    INNER JOIN core.repository_observations AS observations USING (repository_url)
    GROUP BY seen.repository_url, seen.state
),

named AS (
    SELECT
        chosen.rule,
        links.repository_url,
        count(*) AS papers,
        arg_min(links.evidence, (NOT coalesce(links.is_official, false), -links.confidence, links.paper_id)) AS evidence
    FROM temp.alert_papers AS chosen
    INNER JOIN core.paper_links AS links ON chosen.paper_id = links.paper_id AND links.kind = 'repository'
    GROUP BY chosen.rule, links.repository_url
)

SELECT
    rules.rule,
    dated.repository_url AS subject,
    dated.occurred_on,
    NULL::VARCHAR AS keyword,
    NULL::VARCHAR AS paper_id,
    dated.repository_url,
    named.papers::DOUBLE AS value,
    CASE dated.state WHEN 'gone' THEN 'Gone: ' WHEN 'empty' THEN 'Empty: ' ELSE 'In other hands: ' END || dated.repository_url AS title,
    named.evidence,
    dated.repository_url AS url
FROM temp.alert_rules AS rules
INNER JOIN named USING (rule)
INNER JOIN dated USING (repository_url)
WHERE rules.condition = 'link_death' AND named.papers >= rules.minimum_papers
