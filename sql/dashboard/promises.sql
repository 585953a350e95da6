-- Promises of code, the kept ones first, each by day, the newest first.
-- grain: place
-- place: place of the promise in this table, from 0
-- paper_number: the paper, see `papers`
-- promised_on: first day on which a record promised code
-- kept_on: first day on which a repository link was seen; null while it is open
-- days_to_code: days from the promise to the link
-- repository_url: the repository that keeps it
-- sentence: the sentence that promises it
SELECT
    row_number() OVER (
        ORDER BY promises.kept_on DESC NULLS LAST, promises.promised_on DESC, promises.paper_id
    ) - 1 AS place,
    numbers.paper_number,
    promises.promised_on,
    promises.kept_on,
    promises.days_to_code,
    promises.repository_url,
    statements.sentence
FROM mart.code_promises AS promises
INNER JOIN aside.paper_numbers AS numbers USING (paper_id)
LEFT JOIN core.code_statements AS statements USING (paper_id)
ORDER BY place
