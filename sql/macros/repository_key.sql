-- What spellings of one repository share, as etl/transforms/urls.py keys it: code hosts do not tell cases apart, but for
-- the one that gives repositories names at random.
CREATE OR REPLACE MACRO repository_key(repository_url) AS CASE
    WHEN starts_with(repository_url, 'https://anonymous.4open.science/') THEN substr(repository_url, 9)
    WHEN starts_with(repository_url, 'https://') THEN lower(substr(repository_url, 9))
    WHEN starts_with(repository_url, 'http://') THEN lower(substr(repository_url, 8))
    ELSE lower(repository_url)
END
