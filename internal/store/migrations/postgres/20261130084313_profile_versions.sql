-- +goose Up
SET LOCAL lock_timeout = '5s';
-- create "profile_versions" table
CREATE TABLE "profile_versions" ("shard" bigint NOT NULL, "version" bigint NOT NULL, PRIMARY KEY ("shard"));
-- A version begins at (shard << 48) + 1. The users' old versions, which came from the one clock, count as past
-- versions of shard 0. The clocks table stays: nodes of the version before use it while both run.
INSERT INTO "profile_versions" ("shard", "version")
SELECT s, (s::bigint << 48) + 1 + CASE s WHEN 0 THEN (SELECT "value" FROM "clocks" WHERE "id" = 'people') ELSE 0 END
FROM generate_series(0, 15) s;

-- +goose Down
-- reverse: create "profile_versions" table
DROP TABLE "profile_versions";
