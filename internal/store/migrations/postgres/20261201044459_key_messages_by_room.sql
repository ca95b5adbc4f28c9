-- +goose Up
SET LOCAL lock_timeout = '200ms';
-- modify "messages" table: its unique index becomes the primary key, and no row is read
ALTER TABLE "messages" DROP CONSTRAINT "messages_pkey", DROP CONSTRAINT "messages_users_author", ADD CONSTRAINT "messages_pkey" PRIMARY KEY USING INDEX "message_room_id_seq";
-- drop index "message_room_id_author_id_idempotency_key" from table: "messages"
DROP INDEX "message_room_id_author_id_idempotency_key";
-- drop index "message_room_id_author_id_seq" from table: "messages"
DROP INDEX "message_room_id_author_id_seq";

-- +goose Down
-- reverse: drop index "message_room_id_author_id_seq" from table: "messages"
CREATE INDEX "message_room_id_author_id_seq" ON "messages" ("room_id", "author_id", "seq");
-- reverse: drop index "message_room_id_author_id_idempotency_key" from table: "messages"
CREATE UNIQUE INDEX "message_room_id_author_id_idempotency_key" ON "messages" ("room_id", "author_id", "idempotency_key") WHERE (idempotency_key IS NOT NULL);
-- reverse: modify "messages" table
ALTER TABLE "messages" DROP CONSTRAINT "messages_pkey", ADD CONSTRAINT "messages_users_author" FOREIGN KEY ("author_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "message_room_id_seq" ON "messages" ("room_id", "seq");
