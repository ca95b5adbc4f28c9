-- +goose Up
SET LOCAL lock_timeout = '5s';
-- An earlier version stored '' for an enum value in another letter case. No value of the schema is empty.
UPDATE rooms SET access_type = 'PRIVATE' WHERE access_type = '';
UPDATE messages SET type = 'TEXT' WHERE type = '';

-- +goose Down
SELECT 1;
