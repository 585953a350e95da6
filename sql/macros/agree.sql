-- Whether two lists of words of names can be of the same authors: of the shorter list more than half stands in the
-- other one too; of two words, one will do.
CREATE OR REPLACE TEMP MACRO agree(one, other) AS
    2 * len(list_intersect(one, other)) + CASE WHEN least(len(one), len(other)) = 2 THEN 1 ELSE 0 END
    > least(len(one), len(other));
-- The years between two spans; null where one of them is not known.
CREATE OR REPLACE TEMP MACRO years_apart(first_of_one, last_of_one, first_of_other, last_of_other) AS
    greatest(first_of_one - last_of_other, first_of_other - last_of_one, 0)
