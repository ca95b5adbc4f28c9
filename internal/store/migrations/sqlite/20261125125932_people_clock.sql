-- +goose Up
-- add column "changed" to table: "users"
ALTER TABLE `users` ADD COLUMN `changed` integer NOT NULL DEFAULT 0;
-- create index "user_changed" to table: "users"
CREATE INDEX `user_changed` ON `users` (`changed`);
-- create "clocks" table
CREATE TABLE `clocks` (`id` text NOT NULL, `value` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- there is one, of people
INSERT INTO `clocks` (`id`, `value`) VALUES ('people', 0);

-- +goose Down
-- reverse: create "clocks" table
DROP TABLE `clocks`;
-- reverse: create index "user_changed" to table: "users"
DROP INDEX `user_changed`;
-- reverse: add column "changed" to table: "users"
ALTER TABLE `users` DROP COLUMN `changed`;
