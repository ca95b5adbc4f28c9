-- +goose Up
-- add column "add_permission" to table: "users"
ALTER TABLE `users` ADD COLUMN `add_permission` text NOT NULL DEFAULT 'EVERYONE';

-- +goose Down
-- reverse: add column "add_permission" to table: "users"
ALTER TABLE `users` DROP COLUMN `add_permission`;
