-- +goose Up
-- create "profile_versions" table
CREATE TABLE `profile_versions` (`shard` integer NOT NULL, `version` integer NOT NULL, PRIMARY KEY (`shard`));
-- A version begins at (shard << 48) + 1. The users' old versions, which came from the one clock, count as past
-- versions of shard 0. The clocks table stays: nodes of the version before use it while both run.
WITH RECURSIVE shards (s) AS (SELECT 0 UNION ALL SELECT s + 1 FROM shards WHERE s < 15)
INSERT INTO `profile_versions` (`shard`, `version`)
SELECT s, (s << 48) + 1 + CASE s WHEN 0 THEN (SELECT `value` FROM `clocks` WHERE `id` = 'people') ELSE 0 END
FROM shards;

-- +goose Down
-- reverse: create "profile_versions" table
DROP TABLE `profile_versions`;
