-- +goose Up
-- create index "room_deleted_at" to table: "rooms"
CREATE INDEX `room_deleted_at` ON `rooms` (`deleted_at`) WHERE deleted_at IS NOT NULL;

-- +goose Down
-- reverse: create index "room_deleted_at" to table: "rooms"
DROP INDEX `room_deleted_at`;
