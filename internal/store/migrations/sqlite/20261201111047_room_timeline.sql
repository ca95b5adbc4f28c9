-- +goose Up
-- add column "timeline" to table: "rooms"
ALTER TABLE `rooms` ADD COLUMN `timeline` integer NOT NULL DEFAULT 0;

-- +goose Down
-- reverse: add column "timeline" to table: "rooms"
ALTER TABLE `rooms` DROP COLUMN `timeline`;
