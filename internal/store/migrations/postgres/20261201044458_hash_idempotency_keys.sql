-- +goose NO TRANSACTION
-- +goose Up
-- What a try that failed has left.
DROP INDEX CONCURRENTLY IF EXISTS "message_room_id_idempotency";
-- create index "message_room_id_idempotency" to table: "messages"
CREATE UNIQUE INDEX CONCURRENTLY "message_room_id_idempotency" ON "messages" ("room_id", (substr(sha256((replace((((author_id)::text || chr(31)) || (idempotency_key)::text), '\'::text, '\\'::text))::bytea), 1, 15))) WHERE (idempotency_key IS NOT NULL);

-- +goose Down
-- reverse: create index "message_room_id_idempotency" to table: "messages"
DROP INDEX CONCURRENTLY "message_room_id_idempotency";
