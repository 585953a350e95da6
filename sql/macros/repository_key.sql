-- What spellings of one repository share: code hosts do not tell cases apart.
CREATE OR REPLACE MACRO repository_key(repository_url) AS lower(
    CASE
        WHEN starts_with(repository_url, 'https://') THEN substr(repository_url, 9)
        WHEN starts_with(repository_url, 'http://') THEN substr(repository_url, 8)
        ELSE repository_url
    END
)
