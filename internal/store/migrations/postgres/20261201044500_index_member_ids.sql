-- +goose NO TRANSACTION
-- +goose Up
-- What a try that failed has left.
DROP INDEX CONCURRENTLY IF EXISTS "member_id";
-- create index "member_id" to table: "members"
CREATE INDEX CONCURRENTLY "member_id" ON "members" ("id");

-- +goose Down
-- reverse: create index "member_id" to table: "members"
DROP INDEX CONCURRENTLY "member_id";
