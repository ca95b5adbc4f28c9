-- +goose Up
-- drop index "message_room_id_author_id_seq" from table: "messages"
DROP INDEX `message_room_id_author_id_seq`;

-- +goose Down
-- reverse: drop index "message_room_id_author_id_seq" from table: "messages"
CREATE INDEX `message_room_id_author_id_seq` ON `messages` (`room_id`, `author_id`, `seq`);
