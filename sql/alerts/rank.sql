-- Days on which a paper comes up to the place in a listing that a rule asks for, and was not there on the listing day before.
-- grain: rule, subject, occurred_on
-- rule: the rule
-- subject: the paper
-- occurred_on: day of the listing
-- keyword: none
-- paper_id: the paper
-- repository_url: none
-- value: its rank
-- title: what happened
-- evidence: its votes
-- url: where to read it
WITH days AS (
    SELECT observed_on, row_number() OVER (ORDER BY observed_on) AS day
    FROM (SELECT DISTINCT observed_on FROM mart.trending_papers)
),

met AS (
    SELECT
        rules.rule,
        trending.paper_id,
        trending.observed_on,
        trending.rank,
        trending.upvotes,
        days.day,
        lag(days.day) OVER (PARTITION BY rules.rule, trending.paper_id ORDER BY days.day) AS day_before
    FROM temp.alert_rules AS rules
    INNER JOIN temp.alert_papers AS chosen USING (rule)
    INNER JOIN mart.trending_papers AS trending USING (paper_id)
    INNER JOIN days USING (observed_on)
    WHERE rules.condition = 'rank' AND trending.rank <= rules.threshold
)

SELECT
    met.rule,
    met.paper_id AS subject,
    met.observed_on AS occurred_on,
    NULL::VARCHAR AS keyword,
    met.paper_id,
    NULL::VARCHAR AS repository_url,
    met.rank::DOUBLE AS value,
    'Rank ' || met.rank || ': ' || papers.title AS title,
    'Rank ' || met.rank || ' in the listing of ' || met.observed_on || coalesce(', ' || met.upvotes || CASE met.upvotes WHEN 1 THEN ' vote' ELSE ' votes' END, '') AS evidence,
    paper_url(papers.arxiv_id, papers.doi) AS url
FROM met
INNER JOIN core.papers AS papers USING (paper_id)
WHERE met.day_before IS NULL OR met.day_before <> met.day - 1
