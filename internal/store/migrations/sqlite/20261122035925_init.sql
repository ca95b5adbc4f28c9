-- +goose Up
-- create "bans" table
CREATE TABLE `bans` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `user_id` text NOT NULL, `actor_id` text NOT NULL, `room_id` uuid NOT NULL, CONSTRAINT `bans_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `bans_users_actor` FOREIGN KEY (`actor_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `bans_rooms_bans` FOREIGN KEY (`room_id`) REFERENCES `rooms` (`id`) ON DELETE CASCADE);
-- create index "ban_room_id_user_id" to table: "bans"
CREATE UNIQUE INDEX `ban_room_id_user_id` ON `bans` (`room_id`, `user_id`);
-- create index "ban_room_id_at_id" to table: "bans"
CREATE INDEX `ban_room_id_at_id` ON `bans` (`room_id`, `at`, `id`);
-- create index "ban_user_id" to table: "bans"
CREATE INDEX `ban_user_id` ON `bans` (`user_id`);
-- create "friendships" table
CREATE TABLE `friendships` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `state` text NOT NULL, `requested_at` datetime NOT NULL, `since` datetime NULL, `user_id` text NOT NULL, `friend_id` text NOT NULL, CONSTRAINT `friendships_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `friendships_users_friend` FOREIGN KEY (`friend_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- create index "friendship_user_id_friend_id" to table: "friendships"
CREATE UNIQUE INDEX `friendship_user_id_friend_id` ON `friendships` (`user_id`, `friend_id`);
-- create index "friendship_user_id_state_since_id" to table: "friendships"
CREATE INDEX `friendship_user_id_state_since_id` ON `friendships` (`user_id`, `state`, `since`, `id`);
-- create index "friendship_user_id_state_requested_at_id" to table: "friendships"
CREATE INDEX `friendship_user_id_state_requested_at_id` ON `friendships` (`user_id`, `state`, `requested_at`, `id`);
-- create index "friendship_friend_id" to table: "friendships"
CREATE INDEX `friendship_friend_id` ON `friendships` (`friend_id`);
-- create "members" table
CREATE TABLE `members` (`id` uuid NOT NULL, `role` text NOT NULL, `joined_at` datetime NOT NULL, `user_id` text NOT NULL, `room_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `members_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `members_rooms_members` FOREIGN KEY (`room_id`) REFERENCES `rooms` (`id`) ON DELETE CASCADE);
-- create index "member_room_id_user_id" to table: "members"
CREATE UNIQUE INDEX `member_room_id_user_id` ON `members` (`room_id`, `user_id`);
-- create index "member_room_id_joined_at_id" to table: "members"
CREATE INDEX `member_room_id_joined_at_id` ON `members` (`room_id`, `joined_at`, `id`);
-- create index "member_user_id" to table: "members"
CREATE INDEX `member_user_id` ON `members` (`user_id`);
-- create "rooms" table
CREATE TABLE `rooms` (`id` uuid NOT NULL, `name` text NOT NULL DEFAULT (''), `description` text NOT NULL DEFAULT (''), `access_type` text NOT NULL, `max_users` integer NOT NULL DEFAULT (0), `exclusive` bool NOT NULL DEFAULT (false), `opensea_slug` text NULL, `opensea_name` text NOT NULL DEFAULT (''), `opensea_cover` text NOT NULL DEFAULT (''), `key` text NOT NULL, `search_text` text NOT NULL DEFAULT (''), `seq` integer NOT NULL DEFAULT (0), `log_start` integer NOT NULL DEFAULT (0), `rules` integer NOT NULL DEFAULT (0), `member_count` integer NOT NULL DEFAULT (0), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `event_at` datetime NOT NULL, `deleted_at` datetime NULL, `creator_id` text NOT NULL, `owner_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `rooms_users_creator` FOREIGN KEY (`creator_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `rooms_users_owner` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `room_size` CHECK (max_users = 0 OR member_count <= max_users));
-- create "room_events" table
CREATE TABLE `room_events` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `seq` integer NOT NULL, `kind` text NOT NULL, `actor_id` text NOT NULL, `subject_id` text NULL, `role` text NULL, `reason` text NULL, `at` datetime NOT NULL, `room_id` uuid NOT NULL, CONSTRAINT `room_events_rooms_events` FOREIGN KEY (`room_id`) REFERENCES `rooms` (`id`) ON DELETE CASCADE);
-- create index "roomevent_room_id_seq" to table: "room_events"
CREATE UNIQUE INDEX `roomevent_room_id_seq` ON `room_events` (`room_id`, `seq`);
-- create "room_requests" table
CREATE TABLE `room_requests` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `user_id` text NOT NULL, `key` text NOT NULL, `hash` blob NOT NULL, `room_id` uuid NOT NULL);
-- create index "roomrequest_user_id_key" to table: "room_requests"
CREATE UNIQUE INDEX `roomrequest_user_id_key` ON `room_requests` (`user_id`, `key`);
-- create "room_tags" table
CREATE TABLE `room_tags` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `position` integer NOT NULL, `tag` text NOT NULL, `folded` text NOT NULL, `room_id` uuid NOT NULL, CONSTRAINT `room_tags_rooms_tags` FOREIGN KEY (`room_id`) REFERENCES `rooms` (`id`) ON DELETE CASCADE);
-- create index "roomtag_room_id_tag" to table: "room_tags"
CREATE UNIQUE INDEX `roomtag_room_id_tag` ON `room_tags` (`room_id`, `tag`);
-- create index "roomtag_folded_room_id" to table: "room_tags"
CREATE INDEX `roomtag_folded_room_id` ON `room_tags` (`folded`, `room_id`);
-- create "seats" table
CREATE TABLE `seats` (`user_id` text NOT NULL, `room_id` uuid NOT NULL, `member_id` uuid NOT NULL, PRIMARY KEY (`user_id`), CONSTRAINT `seats_members_seat` FOREIGN KEY (`member_id`) REFERENCES `members` (`id`) ON DELETE CASCADE);
-- create index "seats_member_id_key" to table: "seats"
CREATE UNIQUE INDEX `seats_member_id_key` ON `seats` (`member_id`);
-- create "users" table
CREATE TABLE `users` (`id` text NOT NULL, `nick_name` text NOT NULL DEFAULT (''), `avatar` text NOT NULL DEFAULT (''), `status` text NOT NULL DEFAULT (''), `eth_wallet_address` text NOT NULL DEFAULT (''), `ens_name` text NOT NULL DEFAULT (''), `twitter_username` text NOT NULL DEFAULT (''), `twitter_avatar` text NOT NULL DEFAULT (''), `discord_username` text NOT NULL DEFAULT (''), `discord_avatar` text NOT NULL DEFAULT (''), `instagram_username` text NOT NULL DEFAULT (''), `instagram_avatar` text NOT NULL DEFAULT (''), `facebook_username` text NOT NULL DEFAULT (''), `facebook_avatar` text NOT NULL DEFAULT (''), `opensea_username` text NOT NULL DEFAULT (''), `opensea_avatar` text NOT NULL DEFAULT (''), `created_at` datetime NOT NULL, PRIMARY KEY (`id`));

-- +goose Down
-- reverse: create "users" table
DROP TABLE `users`;
-- reverse: create index "seats_member_id_key" to table: "seats"
DROP INDEX `seats_member_id_key`;
-- reverse: create "seats" table
DROP TABLE `seats`;
-- reverse: create index "roomtag_folded_room_id" to table: "room_tags"
DROP INDEX `roomtag_folded_room_id`;
-- reverse: create index "roomtag_room_id_tag" to table: "room_tags"
DROP INDEX `roomtag_room_id_tag`;
-- reverse: create "room_tags" table
DROP TABLE `room_tags`;
-- reverse: create index "roomrequest_user_id_key" to table: "room_requests"
DROP INDEX `roomrequest_user_id_key`;
-- reverse: create "room_requests" table
DROP TABLE `room_requests`;
-- reverse: create index "roomevent_room_id_seq" to table: "room_events"
DROP INDEX `roomevent_room_id_seq`;
-- reverse: create "room_events" table
DROP TABLE `room_events`;
-- reverse: create "rooms" table
DROP TABLE `rooms`;
-- reverse: create index "member_user_id" to table: "members"
DROP INDEX `member_user_id`;
-- reverse: create index "member_room_id_joined_at_id" to table: "members"
DROP INDEX `member_room_id_joined_at_id`;
-- reverse: create index "member_room_id_user_id" to table: "members"
DROP INDEX `member_room_id_user_id`;
-- reverse: create "members" table
DROP TABLE `members`;
-- reverse: create index "friendship_friend_id" to table: "friendships"
DROP INDEX `friendship_friend_id`;
-- reverse: create index "friendship_user_id_state_requested_at_id" to table: "friendships"
DROP INDEX `friendship_user_id_state_requested_at_id`;
-- reverse: create index "friendship_user_id_state_since_id" to table: "friendships"
DROP INDEX `friendship_user_id_state_since_id`;
-- reverse: create index "friendship_user_id_friend_id" to table: "friendships"
DROP INDEX `friendship_user_id_friend_id`;
-- reverse: create "friendships" table
DROP TABLE `friendships`;
-- reverse: create index "ban_user_id" to table: "bans"
DROP INDEX `ban_user_id`;
-- reverse: create index "ban_room_id_at_id" to table: "bans"
DROP INDEX `ban_room_id_at_id`;
-- reverse: create index "ban_room_id_user_id" to table: "bans"
DROP INDEX `ban_room_id_user_id`;
-- reverse: create "bans" table
DROP TABLE `bans`;
