-- First code links of papers that a rule asks for.
-- grain: rule, subject, occurred_on
-- rule: the rule
-- subject: the paper
-- occurred_on: first day on which a repository link was seen
-- keyword: none
-- paper_id: the paper
-- repository_url: its code
-- value: none
-- title: what happened
-- evidence: the sentence or field that names the repository
-- url: where to read it
WITH linked AS (
    SELECT
        links.paper_id,
        min(links.first_observed_on) AS occurred_on,
        arg_min(
            struct_pack(repository_url := links.repository_url, evidence := links.evidence),
            (links.first_observed_on, NOT coalesce(links.is_official, false), -links.confidence, links.repository_url)
        ) AS code
    FROM core.paper_links AS links
    WHERE links.kind = 'repository' AND links.is_official IS DISTINCT FROM false
    GROUP BY links.paper_id
)

SELECT
    rules.rule,
    linked.paper_id AS subject,
    linked.occurred_on,
    NULL::VARCHAR AS keyword,
    linked.paper_id,
    linked.code.repository_url AS repository_url,
    NULL::DOUBLE AS value,
    'Code for: ' || papers.title AS title,
    linked.code.evidence AS evidence,
    paper_url(papers.arxiv_id, papers.doi) AS url
FROM temp.alert_rules AS rules
INNER JOIN temp.alert_papers AS chosen USING (rule)
INNER JOIN linked ON chosen.paper_id = linked.paper_id
INNER JOIN core.papers AS papers ON linked.paper_id = papers.paper_id
WHERE rules.condition = 'new_code'
