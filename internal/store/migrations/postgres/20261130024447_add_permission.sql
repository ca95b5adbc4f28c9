-- +goose Up
SET LOCAL lock_timeout = '5s';
-- modify "users" table
ALTER TABLE "users" ADD COLUMN "add_permission" character varying NOT NULL DEFAULT 'EVERYONE';

-- +goose Down
-- reverse: modify "users" table
ALTER TABLE "users" DROP COLUMN "add_permission";
