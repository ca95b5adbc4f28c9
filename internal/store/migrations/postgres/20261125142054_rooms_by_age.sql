-- +goose Up
SET LOCAL lock_timeout = '5s';
-- create index "room_created_at_id" to table: "rooms"
CREATE INDEX "room_created_at_id" ON "rooms" ("created_at", "id");

-- +goose Down
-- reverse: create index "room_created_at_id" to table: "rooms"
DROP INDEX "room_created_at_id";
