-- The tables of the Mercurius server. It stores what the measured operations need, and has no rules of who may do what.
create table users (
	id text primary key,
	nick_name text not null
);
create table rooms (
	id uuid primary key default gen_random_uuid(),
	name text not null,
	description text not null,
	creator_id text not null references users,
	created_at timestamptz not null default now()
);
create table members (
	room_id uuid not null references rooms,
	user_id text not null references users,
	joined_at timestamptz not null default now(),
	primary key (room_id, user_id)
);
create index members_of_user on members (user_id, joined_at desc);
create table messages (
	seq bigint generated always as identity primary key,
	room_id uuid not null references rooms,
	author_id text not null references users,
	contents text not null,
	created_at timestamptz not null default now()
);
create index messages_of_room on messages (room_id, seq desc);
