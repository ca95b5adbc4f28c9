-- +goose Up
SET LOCAL lock_timeout = '200ms';
-- Each room has the timeline of the database as it is now: the seconds in which the cluster was made, times 2^24, plus the number
-- of the timeline (see pqdriver), or 0 where the server refuses to tell. As a constant default it changes the catalog alone, and no rows.
-- +goose StatementBegin
DO $$
DECLARE
  present bigint := 0;
BEGIN
  BEGIN
    SELECT ((system_identifier >> 32) << 24) + ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
    INTO present FROM pg_control_system();
  EXCEPTION WHEN OTHERS THEN
    present := 0;
  END;
  EXECUTE format('ALTER TABLE "rooms" ADD COLUMN "timeline" bigint NOT NULL DEFAULT %s', present);
END
$$;
-- +goose StatementEnd
ALTER TABLE "rooms" ALTER COLUMN "timeline" SET DEFAULT 0;

-- +goose Down
ALTER TABLE "rooms" DROP COLUMN "timeline";
