-- +goose Up
SET LOCAL lock_timeout = '200ms';
-- Unique indexes become primary keys, and no row is read. The tables that messages are sent with come last.
-- modify "friendships" table
ALTER TABLE "friendships" DROP CONSTRAINT "friendships_pkey", DROP CONSTRAINT "friendships_users_user", DROP CONSTRAINT "friendships_users_friend", ADD CONSTRAINT "friendships_pkey" PRIMARY KEY USING INDEX "friendship_user_id_friend_id";
-- modify "direct_rooms" table
ALTER TABLE "direct_rooms" DROP CONSTRAINT "direct_rooms_pkey", DROP CONSTRAINT "direct_rooms_users_lower", DROP CONSTRAINT "direct_rooms_users_higher", ADD CONSTRAINT "direct_rooms_pkey" PRIMARY KEY USING INDEX "directroom_lower_id_higher_id";
-- modify "room_requests" table
ALTER TABLE "room_requests" DROP CONSTRAINT "room_requests_pkey", ADD CONSTRAINT "room_requests_pkey" PRIMARY KEY USING INDEX "roomrequest_user_id_key";
-- modify "bans" table
ALTER TABLE "bans" DROP CONSTRAINT "bans_pkey", DROP CONSTRAINT "bans_users_user", DROP CONSTRAINT "bans_users_actor", ADD CONSTRAINT "bans_pkey" PRIMARY KEY USING INDEX "ban_room_id_user_id";
-- modify "room_tags" table
ALTER TABLE "room_tags" DROP CONSTRAINT "room_tags_pkey", ADD CONSTRAINT "room_tags_pkey" PRIMARY KEY USING INDEX "roomtag_room_id_tag";
-- modify "ended_memberships" table
ALTER TABLE "ended_memberships" DROP CONSTRAINT "ended_memberships_pkey", ADD CONSTRAINT "ended_memberships_pkey" PRIMARY KEY USING INDEX "endedmembership_room_id_user_id";
-- modify "reactions" table
ALTER TABLE "reactions" DROP CONSTRAINT "reactions_pkey", DROP CONSTRAINT "reactions_users_user", ADD CONSTRAINT "reactions_pkey" PRIMARY KEY USING INDEX "reaction_room_id_message_seq_emoji_user_id";
-- modify "room_events" table
ALTER TABLE "room_events" DROP CONSTRAINT "room_events_pkey", ADD CONSTRAINT "room_events_pkey" PRIMARY KEY USING INDEX "roomevent_room_id_seq";
-- modify "seats" table
ALTER TABLE "seats" DROP CONSTRAINT "seats_members_seat";
-- modify "members" table
ALTER TABLE "members" DROP CONSTRAINT "members_pkey", DROP CONSTRAINT "members_users_user", ADD CONSTRAINT "members_pkey" PRIMARY KEY USING INDEX "member_room_id_user_id";
-- modify "rooms" table
ALTER TABLE "rooms" DROP CONSTRAINT "rooms_users_creator", DROP CONSTRAINT "rooms_users_owner";
-- drop index "seats_member_id_key" from table: "seats"
DROP INDEX "seats_member_id_key";
-- drop index "direct_rooms_room_id_key" from table: "direct_rooms"
DROP INDEX "direct_rooms_room_id_key";

-- +goose Down
-- reverse: drop index "direct_rooms_room_id_key" from table: "direct_rooms"
CREATE UNIQUE INDEX "direct_rooms_room_id_key" ON "direct_rooms" ("room_id");
-- reverse: drop index "seats_member_id_key" from table: "seats"
CREATE UNIQUE INDEX "seats_member_id_key" ON "seats" ("member_id");
-- reverse: modify "rooms" table
ALTER TABLE "rooms" ADD CONSTRAINT "rooms_users_creator" FOREIGN KEY ("creator_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD CONSTRAINT "rooms_users_owner" FOREIGN KEY ("owner_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- reverse: modify "members" table
ALTER TABLE "members" DROP CONSTRAINT "members_pkey", ADD CONSTRAINT "members_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "member_room_id_user_id" ON "members" ("room_id", "user_id");
-- reverse: modify "seats" table
ALTER TABLE "seats" ADD CONSTRAINT "seats_members_seat" FOREIGN KEY ("member_id") REFERENCES "members" ("id") ON UPDATE NO ACTION ON DELETE CASCADE;
-- reverse: modify "room_events" table
ALTER TABLE "room_events" DROP CONSTRAINT "room_events_pkey", ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "roomevent_room_id_seq" ON "room_events" ("room_id", "seq");
-- reverse: modify "reactions" table
ALTER TABLE "reactions" DROP CONSTRAINT "reactions_pkey", ADD CONSTRAINT "reactions_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "reaction_room_id_message_seq_emoji_user_id" ON "reactions" ("room_id", "message_seq", "emoji", "user_id");
-- reverse: modify "ended_memberships" table
ALTER TABLE "ended_memberships" DROP CONSTRAINT "ended_memberships_pkey", ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "endedmembership_room_id_user_id" ON "ended_memberships" ("room_id", "user_id");
-- reverse: modify "room_tags" table
ALTER TABLE "room_tags" DROP CONSTRAINT "room_tags_pkey", ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "roomtag_room_id_tag" ON "room_tags" ("room_id", "tag");
-- reverse: modify "bans" table
ALTER TABLE "bans" DROP CONSTRAINT "bans_pkey", ADD CONSTRAINT "bans_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD CONSTRAINT "bans_users_actor" FOREIGN KEY ("actor_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "ban_room_id_user_id" ON "bans" ("room_id", "user_id");
-- reverse: modify "room_requests" table
ALTER TABLE "room_requests" DROP CONSTRAINT "room_requests_pkey", ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "roomrequest_user_id_key" ON "room_requests" ("user_id", "key");
-- reverse: modify "direct_rooms" table
ALTER TABLE "direct_rooms" DROP CONSTRAINT "direct_rooms_pkey", ADD CONSTRAINT "direct_rooms_users_lower" FOREIGN KEY ("lower_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD CONSTRAINT "direct_rooms_users_higher" FOREIGN KEY ("higher_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "directroom_lower_id_higher_id" ON "direct_rooms" ("lower_id", "higher_id");
-- reverse: modify "friendships" table
ALTER TABLE "friendships" DROP CONSTRAINT "friendships_pkey", ADD CONSTRAINT "friendships_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD CONSTRAINT "friendships_users_friend" FOREIGN KEY ("friend_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD PRIMARY KEY ("id");
CREATE UNIQUE INDEX "friendship_user_id_friend_id" ON "friendships" ("user_id", "friend_id");
