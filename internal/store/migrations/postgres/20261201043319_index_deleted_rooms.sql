-- +goose NO TRANSACTION
-- +goose Up
-- What a try that failed has left.
DROP INDEX CONCURRENTLY IF EXISTS "room_deleted_at";
-- create index "room_deleted_at" to table: "rooms"
CREATE INDEX CONCURRENTLY "room_deleted_at" ON "rooms" ("deleted_at") WHERE (deleted_at IS NOT NULL);

-- +goose Down
-- reverse: create index "room_deleted_at" to table: "rooms"
DROP INDEX CONCURRENTLY "room_deleted_at";
