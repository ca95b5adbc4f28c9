-- +goose Up
-- create index "endedmembership_user_id_at" to table: "ended_memberships"
CREATE INDEX `endedmembership_user_id_at` ON `ended_memberships` (`user_id`, `at`);

-- +goose Down
-- reverse: create index "endedmembership_user_id_at" to table: "ended_memberships"
DROP INDEX `endedmembership_user_id_at`;
