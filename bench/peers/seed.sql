-- Gives Parley's tables the people, rooms, members and messages of the schema "peer": the same for every server that is
-- measured. Every room is public here, since the others have no rules of who may see one.
\set ON_ERROR_STOP on
begin;
truncate users, rooms cascade;

insert into users (id, nick_name, eth_wallet_address, twitter_username, twitter_avatar, status, created_at)
select id::text, nick_name, eth_wallet_address, coalesce(twitter_username, ''), coalesce(twitter_profile_img_url, ''), coalesce(bio, ''), created_at
from peer.users;

insert into rooms (id, name, description, access_type, max_users, key, search_text, seq, message_count, latest_seq, member_count,
	creator_id, owner_id, created_at, updated_at, event_at)
select r.id, r.name, r.description, 'PUBLIC', 0, md5(r.id::text), lower(r.name || ' ' || r.description), coalesce(m.n, 0), coalesce(m.n, 0),
	coalesce(m.n, 0), (select count(*) from peer.room_members where room_id = r.id), r.creator_id::text, r.creator_id::text,
	r.created_at, coalesce(m.latest, r.created_at), coalesce(m.latest, r.created_at)
from peer.rooms r
left join (select room_id, count(*) n, max(created_at) latest from peer.messages group by room_id) m on m.room_id = r.id;

insert into room_tags (position, tag, folded, room_id)
select min(t.position) - 1, t.tag, lower(t.tag), r.id from peer.rooms r, unnest(r.tags) with ordinality t (tag, position)
group by r.id, t.tag;

insert into members (id, room_id, user_id, role, joined_at, own_sent)
select md5(m.room_id::text || m.user_id::text)::uuid, m.room_id, m.user_id::text,
	case when m.user_id = r.creator_id then 'OWNER' else 'MEMBER' end, m.joined_at,
	(select count(*) from peer.messages where room_id = m.room_id and from_uid = m.user_id)
from peer.room_members m join peer.rooms r on r.id = m.room_id;

insert into messages (room_id, seq, ordinal, own_ordinal, author_id, type, contents, created_at)
select room_id, row_number() over room, row_number() over room, row_number() over (partition by room_id, from_uid order by seq),
	from_uid::text, 'TEXT', msg_contents, created_at
from peer.messages
window room as (partition by room_id order by seq);
commit;
vacuum analyze;
