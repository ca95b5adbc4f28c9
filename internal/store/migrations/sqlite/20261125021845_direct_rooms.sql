-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_rooms" table
CREATE TABLE `new_rooms` (`id` uuid NOT NULL, `name` text NOT NULL DEFAULT (''), `description` text NOT NULL DEFAULT (''), `access_type` text NOT NULL, `max_users` integer NOT NULL DEFAULT (0), `exclusive` bool NOT NULL DEFAULT (false), `direct` bool NOT NULL DEFAULT (false), `opensea_slug` text NULL, `opensea_name` text NOT NULL DEFAULT (''), `opensea_cover` text NOT NULL DEFAULT (''), `key` text NOT NULL, `search_text` text NOT NULL DEFAULT (''), `seq` integer NOT NULL DEFAULT (0), `log_start` integer NOT NULL DEFAULT (0), `rules` integer NOT NULL DEFAULT (0), `member_count` integer NOT NULL DEFAULT (0), `message_count` integer NOT NULL DEFAULT (0), `latest_seq` integer NOT NULL DEFAULT (0), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `event_at` datetime NOT NULL, `deleted_at` datetime NULL, `creator_id` text NOT NULL, `owner_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `rooms_users_creator` FOREIGN KEY (`creator_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `rooms_users_owner` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `room_size` CHECK (max_users = 0 OR member_count <= max_users));
-- copy rows from old table "rooms" to new temporary table "new_rooms"
INSERT INTO `new_rooms` (`id`, `name`, `description`, `access_type`, `max_users`, `exclusive`, `opensea_slug`, `opensea_name`, `opensea_cover`, `key`, `search_text`, `seq`, `log_start`, `rules`, `member_count`, `message_count`, `latest_seq`, `created_at`, `updated_at`, `event_at`, `deleted_at`, `creator_id`, `owner_id`) SELECT `id`, `name`, `description`, `access_type`, `max_users`, `exclusive`, `opensea_slug`, `opensea_name`, `opensea_cover`, `key`, `search_text`, `seq`, `log_start`, `rules`, `member_count`, `message_count`, `latest_seq`, `created_at`, `updated_at`, `event_at`, `deleted_at`, `creator_id`, `owner_id` FROM `rooms`;
-- drop "rooms" table after copying rows
DROP TABLE `rooms`;
-- rename temporary table "new_rooms" to "rooms"
ALTER TABLE `new_rooms` RENAME TO `rooms`;
-- create "direct_rooms" table
CREATE TABLE `direct_rooms` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `room_id` uuid NOT NULL, `lower_id` text NOT NULL, `higher_id` text NOT NULL, CONSTRAINT `direct_rooms_users_lower` FOREIGN KEY (`lower_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `direct_rooms_users_higher` FOREIGN KEY (`higher_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- create index "direct_rooms_room_id_key" to table: "direct_rooms"
CREATE UNIQUE INDEX `direct_rooms_room_id_key` ON `direct_rooms` (`room_id`);
-- create index "directroom_lower_id_higher_id" to table: "direct_rooms"
CREATE UNIQUE INDEX `directroom_lower_id_higher_id` ON `direct_rooms` (`lower_id`, `higher_id`);
-- create index "directroom_higher_id" to table: "direct_rooms"
CREATE INDEX `directroom_higher_id` ON `direct_rooms` (`higher_id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
-- reverse: create index "directroom_higher_id" to table: "direct_rooms"
DROP INDEX `directroom_higher_id`;
-- reverse: create index "directroom_lower_id_higher_id" to table: "direct_rooms"
DROP INDEX `directroom_lower_id_higher_id`;
-- reverse: create index "direct_rooms_room_id_key" to table: "direct_rooms"
DROP INDEX `direct_rooms_room_id_key`;
-- reverse: create "direct_rooms" table
DROP TABLE `direct_rooms`;
-- reverse: create "new_rooms" table
DROP TABLE `new_rooms`;
