-- +goose Up
-- create "ended_memberships" table
CREATE TABLE `ended_memberships` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `user_id` text NOT NULL, `reason` text NOT NULL, `at` datetime NOT NULL, `room_id` uuid NOT NULL, CONSTRAINT `ended_memberships_rooms_ended_memberships` FOREIGN KEY (`room_id`) REFERENCES `rooms` (`id`) ON DELETE CASCADE);
-- create index "endedmembership_room_id_user_id" to table: "ended_memberships"
CREATE UNIQUE INDEX `endedmembership_room_id_user_id` ON `ended_memberships` (`room_id`, `user_id`);

-- +goose Down
-- reverse: create index "endedmembership_room_id_user_id" to table: "ended_memberships"
DROP INDEX `endedmembership_room_id_user_id`;
-- reverse: create "ended_memberships" table
DROP TABLE `ended_memberships`;
