-- +goose NO TRANSACTION
-- +goose Up
-- What a try that failed has left.
DROP INDEX CONCURRENTLY IF EXISTS "endedmembership_user_id_at";
-- create index "endedmembership_user_id_at" to table: "ended_memberships"
CREATE INDEX CONCURRENTLY "endedmembership_user_id_at" ON "ended_memberships" ("user_id", "at");

-- +goose Down
-- reverse: create index "endedmembership_user_id_at" to table: "ended_memberships"
DROP INDEX CONCURRENTLY "endedmembership_user_id_at";
