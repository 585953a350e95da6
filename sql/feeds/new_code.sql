-- Papers whose first code link was seen last: a hundred whose link came after the paper, and fifty that were listed with one.
-- grain: paper_id
-- formats: atom, json_feed, parquet, csv, json, json_schema
-- feed_title: New code for papers
-- entry_id: lasting name of the entry
-- paper_id: the paper
-- title: title on one line
-- url: where to read it
-- reason: whether a promise was kept, a link came later, or was there from the start
-- evidence: the sentence or field that names the repository
-- summary: its abstract
-- authors: names as listed
-- keywords: its three most telling keywords
-- repository_url: its code
-- related_titles: none
-- related_urls: none
-- event: promise_kept, late_link or linked_at_once
-- days: days from the promise, or from the first listing, to the link
-- entered_on: first day on which a link was seen
-- changed_on: the same, or the later day on which a promise counts as kept
WITH linked AS (
    SELECT paper_id, min(first_observed_on) AS linked_on
    FROM core.paper_links
    WHERE kind = 'repository' AND is_official IS DISTINCT FROM false
    GROUP BY paper_id
),

happened AS (
    SELECT
        papers.paper_id,
        linked.linked_on,
        greatest(linked.linked_on, promises.kept_on) AS changed_on,
        CASE
            WHEN promises.days_to_code > 0 THEN 'promise_kept'
            WHEN linked.linked_on > papers.first_observed_on THEN 'late_link'
            ELSE 'linked_at_once'
        END AS event,
        CASE WHEN promises.days_to_code > 0 THEN promises.days_to_code ELSE linked.linked_on - papers.first_observed_on END AS days,
        promises.promised_on
    FROM linked
    INNER JOIN core.papers AS papers USING (paper_id)
    LEFT JOIN mart.code_promises AS promises USING (paper_id)
),

newest AS (
    SELECT happened.*
    FROM happened
    INNER JOIN core.papers AS papers USING (paper_id)
    QUALIFY row_number() OVER (
        PARTITION BY happened.event = 'linked_at_once'
        ORDER BY happened.changed_on DESC, papers.published_on DESC NULLS LAST, papers.paper_id
    ) <= CASE happened.event WHEN 'linked_at_once' THEN 50 ELSE 100 END
)

SELECT
    'code/' || papers.entry_name AS entry_id,
    papers.paper_id,
    papers.title,
    papers.url,
    CASE newest.event
        WHEN 'promise_kept'
            THEN 'Code promised on ' || newest.promised_on || ' was first seen on ' || newest.changed_on || ', ' || newest.days || CASE newest.days WHEN 1 THEN ' day later' ELSE ' days later' END
        WHEN 'late_link'
            THEN 'First code link seen on ' || newest.linked_on || ', ' || newest.days || CASE newest.days WHEN 1 THEN ' day' ELSE ' days' END || ' after the paper was first listed'
        ELSE 'Listed with a code link on ' || newest.linked_on
    END AS reason,
    papers.evidence,
    papers.abstract AS summary,
    papers.authors,
    papers.keywords,
    papers.repository_url,
    NULL::VARCHAR[] AS related_titles,
    NULL::VARCHAR[] AS related_urls,
    newest.event,
    newest.days,
    newest.linked_on AS entered_on,
    newest.changed_on
FROM newest
INNER JOIN paper_cards((SELECT list(paper_id) FROM newest)) AS papers USING (paper_id)
ORDER BY newest.changed_on DESC, newest.event = 'linked_at_once', papers.published_on DESC NULLS LAST, papers.paper_id
