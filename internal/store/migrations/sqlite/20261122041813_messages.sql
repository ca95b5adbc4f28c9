-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_members" table
CREATE TABLE `new_members` (`id` uuid NOT NULL, `role` text NOT NULL, `joined_at` datetime NOT NULL, `joined_seq` integer NOT NULL DEFAULT (0), `last_read_seq` integer NOT NULL DEFAULT (0), `own_sent` integer NOT NULL DEFAULT (0), `others_read` integer NOT NULL DEFAULT (0), `user_id` text NOT NULL, `room_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `members_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `members_rooms_members` FOREIGN KEY (`room_id`) REFERENCES `rooms` (`id`) ON DELETE CASCADE);
-- copy rows from old table "members" to new temporary table "new_members"
INSERT INTO `new_members` (`id`, `role`, `joined_at`, `user_id`, `room_id`) SELECT `id`, `role`, `joined_at`, `user_id`, `room_id` FROM `members`;
-- drop "members" table after copying rows
DROP TABLE `members`;
-- rename temporary table "new_members" to "members"
ALTER TABLE `new_members` RENAME TO `members`;
-- create index "member_room_id_user_id" to table: "members"
CREATE UNIQUE INDEX `member_room_id_user_id` ON `members` (`room_id`, `user_id`);
-- create index "member_room_id_joined_at_id" to table: "members"
CREATE INDEX `member_room_id_joined_at_id` ON `members` (`room_id`, `joined_at`, `id`);
-- create index "member_user_id" to table: "members"
CREATE INDEX `member_user_id` ON `members` (`user_id`);
-- create "new_rooms" table
CREATE TABLE `new_rooms` (`id` uuid NOT NULL, `name` text NOT NULL DEFAULT (''), `description` text NOT NULL DEFAULT (''), `access_type` text NOT NULL, `max_users` integer NOT NULL DEFAULT (0), `exclusive` bool NOT NULL DEFAULT (false), `opensea_slug` text NULL, `opensea_name` text NOT NULL DEFAULT (''), `opensea_cover` text NOT NULL DEFAULT (''), `key` text NOT NULL, `search_text` text NOT NULL DEFAULT (''), `seq` integer NOT NULL DEFAULT (0), `log_start` integer NOT NULL DEFAULT (0), `rules` integer NOT NULL DEFAULT (0), `member_count` integer NOT NULL DEFAULT (0), `message_count` integer NOT NULL DEFAULT (0), `latest_seq` integer NOT NULL DEFAULT (0), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `event_at` datetime NOT NULL, `deleted_at` datetime NULL, `creator_id` text NOT NULL, `owner_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `rooms_users_creator` FOREIGN KEY (`creator_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `rooms_users_owner` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `room_size` CHECK (max_users = 0 OR member_count <= max_users));
-- copy rows from old table "rooms" to new temporary table "new_rooms"
INSERT INTO `new_rooms` (`id`, `name`, `description`, `access_type`, `max_users`, `exclusive`, `opensea_slug`, `opensea_name`, `opensea_cover`, `key`, `search_text`, `seq`, `log_start`, `rules`, `member_count`, `created_at`, `updated_at`, `event_at`, `deleted_at`, `creator_id`, `owner_id`) SELECT `id`, `name`, `description`, `access_type`, `max_users`, `exclusive`, `opensea_slug`, `opensea_name`, `opensea_cover`, `key`, `search_text`, `seq`, `log_start`, `rules`, `member_count`, `created_at`, `updated_at`, `event_at`, `deleted_at`, `creator_id`, `owner_id` FROM `rooms`;
-- drop "rooms" table after copying rows
DROP TABLE `rooms`;
-- rename temporary table "new_rooms" to "rooms"
ALTER TABLE `new_rooms` RENAME TO `rooms`;
-- add column "message_seq" to table: "room_events"
ALTER TABLE `room_events` ADD COLUMN `message_seq` integer NULL;
-- add column "emoji" to table: "room_events"
ALTER TABLE `room_events` ADD COLUMN `emoji` text NULL;
-- add column "on" to table: "room_events"
ALTER TABLE `room_events` ADD COLUMN `on` bool NULL;
-- create "messages" table
CREATE TABLE `messages` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `seq` integer NOT NULL, `type` text NOT NULL, `contents` text NOT NULL, `reply_to_seq` integer NULL, `thread_seq` integer NULL, `ordinal` integer NOT NULL, `own_ordinal` integer NOT NULL, `reply_count` integer NOT NULL DEFAULT (0), `mentions` json NULL, `opensea_item` json NULL, `idempotency_key` text NULL, `request_hash` blob NULL, `created_at` datetime NOT NULL, `edited_at` datetime NULL, `deleted_at` datetime NULL, `author_id` text NOT NULL, `room_id` uuid NOT NULL, CONSTRAINT `messages_users_author` FOREIGN KEY (`author_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `messages_rooms_messages` FOREIGN KEY (`room_id`) REFERENCES `rooms` (`id`) ON DELETE CASCADE);
-- create index "message_room_id_seq" to table: "messages"
CREATE UNIQUE INDEX `message_room_id_seq` ON `messages` (`room_id`, `seq`);
-- create index "message_room_id_author_id_idempotency_key" to table: "messages"
CREATE UNIQUE INDEX `message_room_id_author_id_idempotency_key` ON `messages` (`room_id`, `author_id`, `idempotency_key`) WHERE idempotency_key IS NOT NULL;
-- create index "message_room_id_thread_seq_seq" to table: "messages"
CREATE INDEX `message_room_id_thread_seq_seq` ON `messages` (`room_id`, `thread_seq`, `seq`) WHERE thread_seq IS NOT NULL;
-- create index "message_room_id_author_id_seq" to table: "messages"
CREATE INDEX `message_room_id_author_id_seq` ON `messages` (`room_id`, `author_id`, `seq`);
-- create "reactions" table
CREATE TABLE `reactions` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `message_seq` integer NOT NULL, `emoji` text NOT NULL, `user_id` text NOT NULL, `room_id` uuid NOT NULL, CONSTRAINT `reactions_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `reactions_rooms_reactions` FOREIGN KEY (`room_id`) REFERENCES `rooms` (`id`) ON DELETE CASCADE);
-- create index "reaction_room_id_message_seq_emoji_user_id" to table: "reactions"
CREATE UNIQUE INDEX `reaction_room_id_message_seq_emoji_user_id` ON `reactions` (`room_id`, `message_seq`, `emoji`, `user_id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
-- reverse: create index "reaction_room_id_message_seq_emoji_user_id" to table: "reactions"
DROP INDEX `reaction_room_id_message_seq_emoji_user_id`;
-- reverse: create "reactions" table
DROP TABLE `reactions`;
-- reverse: create index "message_room_id_author_id_seq" to table: "messages"
DROP INDEX `message_room_id_author_id_seq`;
-- reverse: create index "message_room_id_thread_seq_seq" to table: "messages"
DROP INDEX `message_room_id_thread_seq_seq`;
-- reverse: create index "message_room_id_author_id_idempotency_key" to table: "messages"
DROP INDEX `message_room_id_author_id_idempotency_key`;
-- reverse: create index "message_room_id_seq" to table: "messages"
DROP INDEX `message_room_id_seq`;
-- reverse: create "messages" table
DROP TABLE `messages`;
-- reverse: add column "on" to table: "room_events"
ALTER TABLE `room_events` DROP COLUMN `on`;
-- reverse: add column "emoji" to table: "room_events"
ALTER TABLE `room_events` DROP COLUMN `emoji`;
-- reverse: add column "message_seq" to table: "room_events"
ALTER TABLE `room_events` DROP COLUMN `message_seq`;
-- reverse: create "new_rooms" table
DROP TABLE `new_rooms`;
-- reverse: create index "member_user_id" to table: "members"
DROP INDEX `member_user_id`;
-- reverse: create index "member_room_id_joined_at_id" to table: "members"
DROP INDEX `member_room_id_joined_at_id`;
-- reverse: create index "member_room_id_user_id" to table: "members"
DROP INDEX `member_room_id_user_id`;
-- reverse: create "new_members" table
DROP TABLE `new_members`;
