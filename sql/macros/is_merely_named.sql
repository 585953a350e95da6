-- Whether a link is not the code of its paper: its text, or an override, says that it only uses or compares with it. What a
-- list says of that is no more than whether the authors wrote it.
CREATE OR REPLACE MACRO is_merely_named(is_official, evidence_kind) AS
    is_official IS false AND evidence_kind IN ('abstract_sentence', 'abstract_url', 'comment', 'override')
