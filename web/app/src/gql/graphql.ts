/* eslint-disable */
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** An instant in UTC, in RFC 3339 format with exactly six fractional digits, so that times sort as strings: 2022-01-29T08:10:10.855372Z. */
  Time: { input: string; output: string; }
};

/** The result of `addMembers`. */
export type AddMembersPayload = {
  __typename?: 'AddMembersPayload';
  /** The memberships of all given users, in the order given, each once. */
  members: Array<RoomMember>;
  /** The current state of the room. */
  room: Room;
};

/** The users that may add a user to a room with createRoom, addMembers or directRoom. Admin tokens always may. It does not restrict which rooms the user can join. */
export type AddPermission =
  /** Every user. This is the default. */
  | 'EVERYONE'
  /** Only friends. */
  | 'FRIENDS'
  /** No user. */
  | 'NOBODY';

/** The result of `answerFriendRequest`. */
export type AnswerFriendRequestPayload = {
  __typename?: 'AnswerFriendRequestPayload';
  /** The user whose request was answered. */
  user: User;
};

/** A page of the users that are banned from a room. */
export type BanConnection = {
  __typename?: 'BanConnection';
  /** The users with their bans and cursors. */
  edges: Array<BanEdge>;
  /** The users, without memberships. */
  nodes: Array<User>;
  /** The position of this page in the list. */
  pageInfo: PageInfo;
};

/** One entry of a list of bans. */
export type BanEdge = {
  __typename?: 'BanEdge';
  /** When the user was banned. */
  at: Scalars['Time']['output'];
  /** The user that banned them. */
  by: User;
  /** The position of the entry, for `after`. */
  cursor: Scalars['String']['output'];
  /** The banned user. */
  node: User;
};

/** A room to create. */
export type CreateRoomInput = {
  /** The default is PRIVATE if memberIds is not empty, else PUBLIC. */
  accessType?: InputMaybe<RoomAccessType>;
  /** At most 2,000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** Makes the viewer leave their current exclusive room instead of failing with ALREADY_IN_ROOM. It does not move other members. */
  disconnect?: InputMaybe<Scalars['Boolean']['input']>;
  /** Creates an exclusive room. A user can be in one exclusive room at a time, so no member may be in another. memberIds must be friends of the viewer, unless the token is an admin token. */
  exclusive?: InputMaybe<Scalars['Boolean']['input']>;
  /** 1 to 200 characters; use a random key. A second request of the same user with the same key returns the same room. The key never expires. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The maximum number of members, the viewer included; 0 is unlimited. */
  maxUsers?: InputMaybe<Scalars['Int']['input']>;
  /** The members besides the viewer, at most 1,000. Duplicates and the viewer count once. FORBIDDEN, with `extensions.ids`, if a user's addPermission does not allow it. */
  memberIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** The name of the room, at most 200 characters; may be empty. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** The OpenSea collection that the room is created for. */
  openseaCollection?: InputMaybe<OpenseaCollectionInput>;
  /** At most 20 tags of 1 to 50 characters. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
};

/** The result of `createRoom`. */
export type CreateRoomPayload = {
  __typename?: 'CreateRoomPayload';
  /** The new room. */
  room: Room;
};

/** The result of `deleteMessage`. */
export type DeleteMessagePayload = {
  __typename?: 'DeleteMessagePayload';
  /** The deleted message: its contents, mentions, reactions and NFT are empty. */
  message: Message;
};

/** The result of `deleteRoom`. */
export type DeleteRoomPayload = {
  __typename?: 'DeleteRoomPayload';
  /** The deleted room. */
  roomId: Scalars['ID']['output'];
};

/** The result of `directRoom`. */
export type DirectRoomPayload = {
  __typename?: 'DirectRoomPayload';
  /** The direct room. */
  room: Room;
};

/** The result of `editMessage`. */
export type EditMessagePayload = {
  __typename?: 'EditMessagePayload';
  /** The current state of the message. */
  message: Message;
};

/**
 * The values of an error's `extensions.code`. More may be added: keep a default branch.
 * docs/errors.md explains each.
 */
export type ErrorCode =
  /** The viewer or a named user is in another exclusive room. `extensions.ids` lists these users. */
  | 'ALREADY_IN_ROOM'
  /** A value is not accepted. `extensions.field` names the argument. */
  | 'BAD_USER_INPUT'
  /** The viewer is banned from the room, or the users in `extensions.ids` are. */
  | 'BANNED'
  /** The server executes trusted documents only, and this is not one of them. */
  | 'DOCUMENT_NOT_TRUSTED'
  /** The viewer can see the object but may not do this. `extensions.ids`, if present, lists users that do not allow the viewer to add them. */
  | 'FORBIDDEN'
  /** The document is not valid GraphQL syntax. */
  | 'GRAPHQL_PARSE_FAILED'
  /** The document or its variables do not match the schema. */
  | 'GRAPHQL_VALIDATION_FAILED'
  /** The viewer has used this idempotencyKey for a different request. */
  | 'IDEMPOTENCY_CONFLICT'
  /** An internal error. `extensions.requestId` finds it in the server's log. */
  | 'INTERNAL'
  /** The stream ended because the viewer is no longer in the room. `extensions.reason` is a LeaveReason or DELETED. */
  | 'MEMBERSHIP_ENDED'
  /** The object does not exist, or the viewer cannot see it. */
  | 'NOT_FOUND'
  /** The server does not know the hash or the document id. Send the request again with the query. */
  | 'PERSISTED_QUERY_NOT_FOUND'
  /** The server has no trusted documents, so it knows no document ids. Send the query. */
  | 'PERSISTED_QUERY_NOT_SUPPORTED'
  /** Too many requests, or too much work at a time. Retry after `extensions.retryAfterMs`, if it is present. */
  | 'RATE_LIMITED'
  /** The stream cannot continue from `after`. Read the room again and subscribe from its newest message. */
  | 'RESYNC'
  /** The room has reached its maximum number of members. */
  | 'ROOM_FULL'
  /** The operation is too deep, selects too much or has too many aliases. */
  | 'TOO_COMPLEX'
  /** The token is missing, expired, wrongly signed or not for this server. Get a new one. */
  | 'UNAUTHENTICATED'
  /**
   * The server cannot do this at the moment. Retrying is safe unless `extensions.safeToRetry` is false: then a write may have
   * happened. A request with an idempotencyKey is always safe to retry.
   */
  | 'UNAVAILABLE'
  /** Some of the named users do not exist. `extensions.ids` lists them. Nothing was changed. */
  | 'UNKNOWN_USER'
  /** The room needs a key and this one is wrong, or the room does not exist. */
  | 'WRONG_KEY';

/** A page of the viewer's friends. */
export type FriendConnection = {
  __typename?: 'FriendConnection';
  /** The friends with their cursors. */
  edges: Array<FriendEdge>;
  /** The friends, without cursors. */
  nodes: Array<User>;
  /** The position of this page in the list. */
  pageInfo: PageInfo;
};

/** One entry of a list of friends. */
export type FriendEdge = {
  __typename?: 'FriendEdge';
  /** The position of the entry, for `after`. */
  cursor: Scalars['String']['output'];
  /** The friend. */
  node: User;
  /** When the friendship began. */
  since: Scalars['Time']['output'];
};

/** A friend request that was not answered yet. */
export type FriendRequest = {
  __typename?: 'FriendRequest';
  /** When the request was sent. */
  createdAt: Scalars['Time']['output'];
  /** The user that sent the request. */
  from: User;
  /** Generated by the server. It identifies the request in client caches. */
  id: Scalars['ID']['output'];
  /** The user that received the request. */
  to: User;
};

/** A page of friend requests. */
export type FriendRequestConnection = {
  __typename?: 'FriendRequestConnection';
  /** The requests with their cursors. */
  edges: Array<FriendRequestEdge>;
  /** The requests, without cursors. */
  nodes: Array<FriendRequest>;
  /** The position of this page in the list. */
  pageInfo: PageInfo;
};

/** One entry of a list of friend requests. */
export type FriendRequestEdge = {
  __typename?: 'FriendRequestEdge';
  /** The position of the entry, for `after`. */
  cursor: Scalars['String']['output'];
  /** The request. */
  node: FriendRequest;
};

/** The relation between a user and the viewer. */
export type Friendship =
  /** The user and the viewer are friends. */
  | 'FRIENDS'
  /** The user has sent the viewer a friend request. */
  | 'INVITED'
  /** No request and no friendship. */
  | 'NONE'
  /** The viewer has sent the user a friend request. */
  | 'REQUESTED';

/** The result of `joinRoom`. */
export type JoinRoomPayload = {
  __typename?: 'JoinRoomPayload';
  /** The room that the viewer joined. */
  room: Room;
};

/** Why a user is no longer in a room. */
export type LeaveReason =
  /** The user was removed and banned. */
  | 'BANNED'
  /** The user moved to another exclusive room. */
  | 'DISCONNECTED'
  /** The user was removed. */
  | 'KICKED'
  /** The user left. */
  | 'LEFT';

/** The result of `leaveRoom`. */
export type LeaveRoomPayload = {
  __typename?: 'LeaveRoomPayload';
  /** The room that the viewer left. */
  roomId: Scalars['ID']['output'];
};

/** The result of `leaveRooms`. */
export type LeaveRoomsPayload = {
  __typename?: 'LeaveRoomsPayload';
  /** The given rooms, each once. The viewer is in none of them. */
  roomIds: Array<Scalars['ID']['output']>;
};

/** The result of `markRead`. */
export type MarkReadPayload = {
  __typename?: 'MarkReadPayload';
  /** The current state of the room. */
  room: Room;
};

/** A user joined the room or was added to it. The members that a room is created with have no event. */
export type MemberJoined = RoomEvent & {
  __typename?: 'MemberJoined';
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** The current state of the membership. Null if the user has left since. */
  member?: Maybe<RoomMember>;
  /** The role that the user joined with. */
  role: RoomRole;
  /** The current state of the room. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. */
  seq: Scalars['Int']['output'];
  /** The new member. */
  user: User;
};

/** A user left the room or was removed from it. */
export type MemberLeft = RoomEvent & {
  __typename?: 'MemberLeft';
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** Why the user left. */
  reason: LeaveReason;
  /** The current state of the room. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. */
  seq: Scalars['Int']['output'];
  /** The user that left. */
  user: User;
};

/** A member's role changed. */
export type MemberRoleChanged = RoomEvent & {
  __typename?: 'MemberRoleChanged';
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** The current state of the membership. Null if the user has left since. */
  member?: Maybe<RoomMember>;
  /** The new role. */
  role: RoomRole;
  /** The current state of the room. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. */
  seq: Scalars['Int']['output'];
  /** The member. */
  user: User;
};

/** A message in a room. */
export type Message = Node & {
  __typename?: 'Message';
  /** The text or JSON document of the message. Empty once the message is deleted. */
  contents: Scalars['String']['output'];
  /** When the message was sent. */
  createdAt: Scalars['Time']['output'];
  /** When the message was deleted; null if it was not. A deleted message remains in the room without contents. */
  deletedAt?: Maybe<Scalars['Time']['output']>;
  /** When the contents were last edited; null if they never were. */
  editedAt?: Maybe<Scalars['Time']['output']>;
  /** The author of the message, who may have left the room since. */
  from: User;
  /** Generated by the server. */
  id: Scalars['ID']['output'];
  /** The key that the author sent, visible to all members; null if there was none. A client uses it to match an event with a message that it is still sending. */
  idempotencyKey?: Maybe<Scalars['String']['output']>;
  /** True if this message starts a thread. */
  isThread: Scalars['Boolean']['output'];
  /** The users that the message mentions. Empty once the message is deleted. */
  mentions: Array<User>;
  /** The NFT attached to the message; null if there is none. */
  openseaItem?: Maybe<OpenseaItem>;
  /** The reactions, in the order in which their emojis were first used. Empty once the message is deleted. */
  reactions: Array<Reaction>;
  /** The messages of the thread that this message starts, oldest first. Replies by `replyTo` are not included. At most 100 per page; the first 50 if neither `first` nor `last` is given. */
  replies: MessageConnection;
  /** The number of messages in the thread that this message starts, deleted ones included. */
  replyCount: Scalars['Int']['output'];
  /** The message that this one replies to; null if it is no reply. */
  replyTo?: Maybe<Message>;
  /** The room of the message. */
  room: Room;
  /** The position of the message in the room's log. Messages share the numbers 1, 2, 3, … with the room's other events; after a failover of the database a room may skip numbers. A seq is never reused, and its order is the order of the messages. */
  seq: Scalars['Int']['output'];
  /** The first message of the thread that this one belongs to; null if it belongs to none. */
  thread?: Maybe<Message>;
  /** The format of the contents. */
  type: MessageType;
  /** The emojis that the viewer reacted with. */
  viewerReactions: Array<Scalars['String']['output']>;
};


/** A message in a room. */
export type MessageRepliesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** A user sent a message. */
export type MessageAdded = RoomEvent & {
  __typename?: 'MessageAdded';
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** The current state of the message. */
  message: Message;
  /** The current state of the room. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. The message has the same seq. */
  seq: Scalars['Int']['output'];
};

/** A page of messages. */
export type MessageConnection = {
  __typename?: 'MessageConnection';
  /** The messages, each with its cursor. */
  edges: Array<MessageEdge>;
  /** The messages, without cursors. */
  nodes: Array<Message>;
  /** The position of this page in the list. Both flags are always exact. */
  pageInfo: PageInfo;
};

/** A user deleted a message. */
export type MessageDeleted = RoomEvent & {
  __typename?: 'MessageDeleted';
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** The deleted message: its contents, mentions, reactions and NFT are empty. */
  message: Message;
  /** The current state of the room. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. */
  seq: Scalars['Int']['output'];
};

/** One entry of a list of messages. */
export type MessageEdge = {
  __typename?: 'MessageEdge';
  /** The position of the entry, for `after` and `before`. */
  cursor: Scalars['String']['output'];
  /** The message. */
  node: Message;
};

/** A user changed the contents of a message. */
export type MessageEdited = RoomEvent & {
  __typename?: 'MessageEdited';
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** The current state of the message. */
  message: Message;
  /** The current state of the room. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. */
  seq: Scalars['Int']['output'];
};

/** The format of a message's contents. */
export type MessageType =
  /** The contents are a JSON document that the application renders. */
  | 'CARD'
  /** The contents are plain text. */
  | 'TEXT';

/** The operations that write. The server executes the fields of one mutation one after the other. */
export type Mutation = {
  __typename?: 'Mutation';
  /** Adds at most 1,000 users to a room, all of them or none. The owner and moderators may do this. Users that are members already do not change. FORBIDDEN, with `extensions.ids`, if a user's addPermission does not allow it. */
  addMembers?: Maybe<AddMembersPayload>;
  /** Accepts or rejects a user's friend request. NOT_FOUND if there is none. */
  answerFriendRequest?: Maybe<AnswerFriendRequestPayload>;
  /** Creates a room. The viewer becomes its owner. */
  createRoom?: Maybe<CreateRoomPayload>;
  /** Deletes the contents of a message. Users may delete their own messages; moderators and the owner also those of users with a lower role. Deleting a message again changes nothing. */
  deleteMessage?: Maybe<DeleteMessagePayload>;
  /** Deletes a room. Only the owner may do this. All streams of the room end with MEMBERSHIP_ENDED. */
  deleteRoom?: Maybe<DeleteRoomPayload>;
  /**
   * Returns the direct room of the viewer and another user, and creates it if there is none: PRIVATE, maxUsers 2, closed to addMembers. Other rooms with two members are not direct rooms.
   * When one of the two users leaves, the room becomes an ordinary room. FORBIDDEN if there is no direct room yet and the user's addPermission does not allow it.
   */
  directRoom?: Maybe<DirectRoomPayload>;
  /** Changes the contents of the viewer's own message. 1 to 16,000 characters. */
  editMessage?: Maybe<EditMessagePayload>;
  /**
   * Adds the viewer to a room. Succeeds if the viewer is a member already. A missing or wrong key of a room that the viewer cannot see is WRONG_KEY, whether or not the room exists. BANNED and ROOM_FULL are checked only after the key.
   * Too many wrong keys are RATE_LIMITED. `disconnect` makes the viewer leave their current exclusive room instead of failing with ALREADY_IN_ROOM.
   */
  joinRoom?: Maybe<JoinRoomPayload>;
  /** Removes the viewer from a room. If the owner leaves, the longest-serving moderator becomes the owner, else the longest-serving member. The room is deleted when its last member leaves. */
  leaveRoom?: Maybe<LeaveRoomPayload>;
  /** Removes the viewer from at most 100 rooms, as leaveRoom does; from all of them or none. Rooms that the viewer is not in are ignored. */
  leaveRooms?: Maybe<LeaveRoomsPayload>;
  /** Marks all messages up to `seq` as read. The position never moves backwards. A seq above the newest stands for the newest. */
  markRead?: Maybe<MarkReadPayload>;
  /** Adds the viewer's reaction to a message, or removes it if `on` is false. An emoji has 1 to 32 characters; a message has at most 50 different ones. */
  react?: Maybe<ReactPayload>;
  /** Ends the friendship with a user, or withdraws or rejects a friend request. Memberships do not change. */
  removeFriend?: Maybe<RemoveFriendPayload>;
  /** Removes a member with a lower role. The owner and moderators may do this. With `ban` the user cannot join again; a user that is not a member can be banned, too. Removing a user that is not a member succeeds. */
  removeMember?: Maybe<RemoveMemberPayload>;
  /** Sends a friend request. If the user has already sent one to the viewer, the two become friends. */
  requestFriend?: Maybe<RequestFriendPayload>;
  /** Replaces the joinKey of a room. The owner and moderators may do this. The old key stops working. */
  rotateRoomKey?: Maybe<RotateRoomKeyPayload>;
  /** Sends a message to a room that the viewer is in. */
  sendMessage?: Maybe<SendMessagePayload>;
  /** Changes a member's role. Only the owner may do this. Setting OWNER transfers the room, and the viewer becomes a moderator. */
  setMemberRole?: Maybe<SetMemberRolePayload>;
  /** Returns a token for a user. Works only in development mode (without an identity provider), else FORBIDDEN. */
  signIn?: Maybe<SignInPayload>;
  /** Ends a user's ban. The owner and moderators may do this. Succeeds if the user is not banned. */
  unban?: Maybe<UnbanPayload>;
  /** Changes the viewer's profile. Claims of later tokens never overwrite it. */
  updateProfile?: Maybe<UpdateProfilePayload>;
  /** Changes a room. The owner and moderators may do this. */
  updateRoom?: Maybe<UpdateRoomPayload>;
  /** Creates or updates at most 1,000 users by id, all of them or none. For an application's back end; needs an admin token (claim `admin: true`). */
  upsertUsers?: Maybe<UpsertUsersPayload>;
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationAddMembersArgs = {
  roomId: Scalars['ID']['input'];
  userIds: Array<Scalars['ID']['input']>;
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationAnswerFriendRequestArgs = {
  accept: Scalars['Boolean']['input'];
  userId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationCreateRoomArgs = {
  input: CreateRoomInput;
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationDeleteMessageArgs = {
  messageId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationDeleteRoomArgs = {
  roomId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationDirectRoomArgs = {
  userId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationEditMessageArgs = {
  contents: Scalars['String']['input'];
  messageId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationJoinRoomArgs = {
  disconnect?: Scalars['Boolean']['input'];
  key?: InputMaybe<Scalars['String']['input']>;
  roomId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationLeaveRoomArgs = {
  roomId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationLeaveRoomsArgs = {
  roomIds: Array<Scalars['ID']['input']>;
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationMarkReadArgs = {
  roomId: Scalars['ID']['input'];
  seq: Scalars['Int']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationReactArgs = {
  emoji: Scalars['String']['input'];
  messageId: Scalars['ID']['input'];
  on?: Scalars['Boolean']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationRemoveFriendArgs = {
  userId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationRemoveMemberArgs = {
  ban?: Scalars['Boolean']['input'];
  roomId: Scalars['ID']['input'];
  userId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationRequestFriendArgs = {
  userId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationRotateRoomKeyArgs = {
  roomId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationSendMessageArgs = {
  input: SendMessageInput;
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationSetMemberRoleArgs = {
  role: RoomRole;
  roomId: Scalars['ID']['input'];
  userId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationSignInArgs = {
  nickName?: InputMaybe<Scalars['String']['input']>;
  userId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationUnbanArgs = {
  roomId: Scalars['ID']['input'];
  userId: Scalars['ID']['input'];
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationUpdateProfileArgs = {
  input: ProfileInput;
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationUpdateRoomArgs = {
  input: UpdateRoomInput;
};


/** The operations that write. The server executes the fields of one mutation one after the other. */
export type MutationUpsertUsersArgs = {
  users: Array<UserInput>;
};

/** One item of `myEvents`. */
export type MyEvent = {
  __typename?: 'MyEvent';
  /** The event, with EVENT; otherwise null. */
  event?: Maybe<RoomEvent>;
  /** The kind of the item. */
  kind: MyEventKind;
  /** The reason, with ENDED; otherwise null. */
  reason?: Maybe<RoomEndReason>;
  /** The room, with EVENT and ENDED. Null with READY. */
  roomId?: Maybe<Scalars['ID']['output']>;
};

/** The kind of an item of `myEvents`. */
export type MyEventKind =
  /** The room has ended for the viewer. It sends nothing more unless the viewer joins again; then it begins with StreamOpened. */
  | 'ENDED'
  /** An event of a room, or StreamOpened or Resync. StreamOpened is the first item of each room. */
  | 'EVENT'
  /** All rooms are open. Sent once. Rooms that the viewer joins later are opened after it. */
  | 'READY';

/** One update of a chat list. The first item of every stream is OPENED, also after a client library reconnects. */
export type MyRoomsChange = {
  __typename?: 'MyRoomsChange';
  /** What to do with the list. */
  kind: MyRoomsChangeKind;
  /** The current state of the room, with CHANGED; otherwise null. Null there only together with an error; then read the room again. */
  room?: Maybe<Room>;
  /** The room to update or remove. Null only with OPENED. */
  roomId?: Maybe<Scalars['ID']['output']>;
};

/** What to do with a chat list. */
export type MyRoomsChangeKind =
  /** Add the room to the list, or replace its previous state. */
  | 'CHANGED'
  /** The stream is open and misses nothing from now on. Read myRooms now. */
  | 'OPENED'
  /** Remove roomId from the list. */
  | 'REMOVED';

/** An object with a globally unique id. `node` returns it by this id. */
export type Node = {
  /** Unique among all objects that `node` returns. */
  id: Scalars['ID']['output'];
};

/** The OpenSea collection that a room was created for. */
export type OpenseaCollection = {
  __typename?: 'OpenseaCollection';
  /** The URL of the cover image; empty if there is none. */
  cover: Scalars['String']['output'];
  /** The name of the collection. */
  name: Scalars['String']['output'];
  /** The name of the collection in OpenSea's URLs. */
  slug: Scalars['String']['output'];
};

/** The OpenSea collection that a room is created for. */
export type OpenseaCollectionInput = {
  /** The URL of the cover image, at most 2,000 characters. */
  cover?: InputMaybe<Scalars['String']['input']>;
  /** The name of the collection, at most 200 characters. */
  name: Scalars['String']['input'];
  /** The name of the collection in OpenSea's URLs, 1 to 200 characters. */
  slug: Scalars['String']['input'];
};

/** An NFT that is attached to a message. */
export type OpenseaItem = {
  __typename?: 'OpenseaItem';
  /** The address of the NFT's contract. */
  contractAddress: Scalars['String']['output'];
  /** The description of the NFT. */
  description: Scalars['String']['output'];
  /** The URL of the NFT's image. */
  imageUrl: Scalars['String']['output'];
  /** The name of the NFT. */
  name: Scalars['String']['output'];
  /** The id of the NFT within the contract. */
  tokenId: Scalars['String']['output'];
};

/** An NFT to attach to a message. */
export type OpenseaItemInput = {
  /** The address of the NFT's contract, 1 to 200 characters. */
  contractAddress: Scalars['String']['input'];
  /** The description of the NFT, at most 2,000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** The URL of the NFT's image, at most 2,000 characters. */
  imageUrl?: InputMaybe<Scalars['String']['input']>;
  /** The name of the NFT, at most 200 characters. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** The id of the NFT within the contract, at most 200 characters. */
  tokenId?: InputMaybe<Scalars['String']['input']>;
};

/**
 * The position of a page in its list. Lists are paged by cursor: pass a page's `endCursor` as `after` to get the next page.
 * A cursor is opaque, stays valid while the list changes, and belongs to the list it came from.
 */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The cursor of the last entry; null on an empty page. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether there are entries after this page. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether there are entries before this page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first entry; null on an empty page. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

/** The changes to a profile. A field that is omitted or null does not change; an empty string clears it. */
export type ProfileInput = {
  /** The users that may add this user to rooms. */
  addPermission?: InputMaybe<AddPermission>;
  /** The URL of a picture, at most 2,000 characters. */
  avatar?: InputMaybe<Scalars['String']['input']>;
  /** The user's profile on Discord. */
  discord?: InputMaybe<SocialProfileInput>;
  /** At most 200 characters. */
  ensName?: InputMaybe<Scalars['String']['input']>;
  /** At most 200 characters. */
  ethWalletAddress?: InputMaybe<Scalars['String']['input']>;
  /** The user's profile on Facebook. */
  facebook?: InputMaybe<SocialProfileInput>;
  /** The user's profile on Instagram. */
  instagram?: InputMaybe<SocialProfileInput>;
  /** At most 200 characters. */
  nickName?: InputMaybe<Scalars['String']['input']>;
  /** The user's profile on OpenSea. */
  opensea?: InputMaybe<SocialProfileInput>;
  /** Free text, at most 2,000 characters. */
  status?: InputMaybe<Scalars['String']['input']>;
  /** The user's profile on Twitter. */
  twitter?: InputMaybe<SocialProfileInput>;
};

/** The operations that read. */
export type Query = {
  __typename?: 'Query';
  /** Unanswered friend requests that the viewer has sent or received, newest first. At most 100 per page. */
  friendRequests: FriendRequestConnection;
  /** The viewer's friends, newest first. At most 100 per page. */
  friends: FriendConnection;
  /** The viewer: the user of the token. */
  me: User;
  /** The ids of all rooms that the viewer is in, most recently active first. */
  myRoomIds: Array<Scalars['ID']['output']>;
  /** The rooms that the viewer is in, most recently active first: a chat list. At most 100 per page. */
  myRooms: RoomConnection;
  /** Returns a user, a room or a message by id. Null if there is none that the viewer can see. */
  node?: Maybe<Node>;
  /** Returns a room. NOT_FOUND if it does not exist or the viewer cannot see it. */
  roomInfo?: Maybe<Room>;
  /** Public rooms and FRIEND rooms of the viewer's friends, newest first. All words of `search` must be in the name, description or tags, and `tag` must be among the tags. Case does not matter. At most 100 per page. */
  rooms: RoomConnection;
  /** Returns a user by id. Null if there is none. */
  user?: Maybe<User>;
};


/** The operations that read. */
export type QueryFriendRequestsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** The operations that read. */
export type QueryFriendsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** The operations that read. */
export type QueryMyRoomsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** The operations that read. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** The operations that read. */
export type QueryRoomInfoArgs = {
  roomId: Scalars['ID']['input'];
};


/** The operations that read. */
export type QueryRoomsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
  tag?: InputMaybe<Scalars['String']['input']>;
};


/** The operations that read. */
export type QueryUserArgs = {
  id: Scalars['ID']['input'];
};

/** The result of `react`. */
export type ReactPayload = {
  __typename?: 'ReactPayload';
  /** The current state of the message. */
  message: Message;
};

/** The number of users that reacted to a message with an emoji. */
export type Reaction = {
  __typename?: 'Reaction';
  /** The number of users. */
  count: Scalars['Int']['output'];
  /** The emoji, as the first user sent it. */
  emoji: Scalars['String']['output'];
};

/** A user added or removed a reaction. */
export type ReactionsChanged = RoomEvent & {
  __typename?: 'ReactionsChanged';
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** The emoji of the reaction. */
  emoji: Scalars['String']['output'];
  /** The current state of the message, with all its reactions. */
  message: Message;
  /** True if the user added the reaction, false if the user removed it. */
  on: Scalars['Boolean']['output'];
  /** The current state of the room. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. */
  seq: Scalars['Int']['output'];
  /** The user that reacted. */
  user: User;
};

/** The result of `removeFriend`. */
export type RemoveFriendPayload = {
  __typename?: 'RemoveFriendPayload';
  /** The user that is no longer a friend. */
  user: User;
};

/** The result of `removeMember`. */
export type RemoveMemberPayload = {
  __typename?: 'RemoveMemberPayload';
  /** The membership that ended. Null if the user was not a member. */
  memberId?: Maybe<Scalars['ID']['output']>;
  /** The current state of the room. */
  room: Room;
  /** The removed user. */
  userId: Scalars['ID']['output'];
};

/** The result of `requestFriend`. */
export type RequestFriendPayload = {
  __typename?: 'RequestFriendPayload';
  /** The user that received the request. */
  user: User;
};

/** The stream cannot continue from `after`: the log no longer has those events, or `after` is ahead of the room (a restored backup). Read the room again and continue from this seq. Not an entry of the log. */
export type Resync = RoomEvent & {
  __typename?: 'Resync';
  /** When the server detected the gap. */
  at: Scalars['Time']['output'];
  /** The current state of the room. */
  room: Room;
  /** The room of the stream. */
  roomId: Scalars['ID']['output'];
  /** The seq from which the stream continues. The next event has a higher seq. */
  seq: Scalars['Int']['output'];
};

/** A chat room. */
export type Room = Node & {
  __typename?: 'Room';
  /** The users that can see and join the room. */
  accessType: RoomAccessType;
  /** The banned users, in the order in which they were banned. Null unless the viewer is the owner or a moderator. At most 100 per page. */
  bans?: Maybe<BanConnection>;
  /** When the room was created. */
  createdAt: Scalars['Time']['output'];
  /** The user that created the room, who may have left since. */
  creator: User;
  /** The description of the room; may be empty. */
  description: Scalars['String']['output'];
  /** Whether the room is exclusive. A user can be in one exclusive room at a time (a game lobby, a call) and in any number of others. */
  exclusive: Scalars['Boolean']['output'];
  /** A UUID, generated by the server. */
  id: Scalars['ID']['output'];
  /** True if the room has exactly two members, else false. */
  is1v1: Scalars['Boolean']['output'];
  /** The key that users need to join a private room. Null unless the viewer is the owner or a moderator. */
  joinKey?: Maybe<Scalars['String']['output']>;
  /** The seq of the last message that the viewer has read; 0 if none. */
  lastReadSeq: Scalars['Int']['output'];
  /** The newest message. Null if the viewer is not a member or there is no message. */
  latestMessage?: Maybe<Message>;
  /** The maximum number of members; 0 is unlimited. */
  maxUsers: Scalars['Int']['output'];
  /** The number of members. */
  memberCount: Scalars['Int']['output'];
  /** The members, in the order in which they joined. At most 100 per page. */
  members: RoomMemberConnection;
  /**
   * The messages of the room, oldest first. Null, without an error, if the viewer is not a member. At most 100 per page; the last 50 if neither `first` nor `last` is given. Both PageInfo flags are always exact.
   * `beforeSeq` and `afterSeq` start from a known seq (the first unread message, a replied-to message) if there is no cursor.
   * `inThreads` includes messages that belong to a thread.
   */
  messages?: Maybe<MessageConnection>;
  /** The name of the room. If it is empty, clients show the members' names. */
  name: Scalars['String']['output'];
  /** The OpenSea collection that the room was created for; null if there is none. */
  openseaCollection?: Maybe<OpenseaCollection>;
  /** The seq of the newest event. Do not resume a stream from a cached value, since any operation may update it: resume from the last event applied, or from the newest message of the client (0 if there is none). */
  seq: Scalars['Int']['output'];
  /** The tags, in the order given. */
  tags: Array<Scalars['String']['output']>;
  /** The number of messages of other users after lastReadSeq. Messages in threads and deleted messages count; messages from before the viewer joined do not. 0 if the viewer is not a member. */
  unreadCount: Scalars['Int']['output'];
  /** When the newest message was sent; without messages, when the room was created. Nothing else changes it. myRooms is sorted by it. */
  updatedAt: Scalars['Time']['output'];
  /** The viewer's role in the room; null if the viewer is not a member. */
  viewerRole?: Maybe<RoomRole>;
};


/** A chat room. */
export type RoomBansArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A chat room. */
export type RoomMembersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A chat room. */
export type RoomMessagesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  afterSeq?: InputMaybe<Scalars['Int']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  beforeSeq?: InputMaybe<Scalars['Int']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  inThreads?: Scalars['Boolean']['input'];
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** The users that can see and join a room. */
export type RoomAccessType =
  /** 2: friends of the owner can see the room and join it. */
  | 'FRIEND'
  /** 1: only members can see the room. Joining needs the room's key. */
  | 'PRIVATE'
  /** 0: every user can find the room and join it. */
  | 'PUBLIC';

/** A page of rooms. */
export type RoomConnection = {
  __typename?: 'RoomConnection';
  /** The rooms with their cursors. */
  edges: Array<RoomEdge>;
  /** The rooms, without cursors. */
  nodes: Array<Room>;
  /** The position of this page in the list. */
  pageInfo: PageInfo;
};

/** The room was deleted. This is the last event of its log; the stream then ends with MEMBERSHIP_ENDED. */
export type RoomDeleted = RoomEvent & {
  __typename?: 'RoomDeleted';
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** The deleted room: its name and description are empty, and it has no members. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. */
  seq: Scalars['Int']['output'];
};

/** One entry of a list of rooms. */
export type RoomEdge = {
  __typename?: 'RoomEdge';
  /** The position of the entry, for `after`. */
  cursor: Scalars['String']['output'];
  /** The room. */
  node: Room;
};

/** Why a room of `myEvents` has ended for the viewer. */
export type RoomEndReason =
  /** The viewer's account was deleted. */
  | 'ACCOUNT_DELETED'
  /** The viewer was removed and banned. */
  | 'BANNED'
  /** The viewer moved to another exclusive room. */
  | 'DISCONNECTED'
  /** The viewer was removed. */
  | 'KICKED'
  /** The viewer left. */
  | 'LEFT'
  /** The viewer is not in the room, or the room does not exist. */
  | 'NOT_FOUND'
  /** The room was deleted. Its last event is RoomDeleted. */
  | 'ROOM_DELETED';

/** One entry of a room's log. The seqs of a log have no gaps: 42 follows 41. Where events may have been lost or were deleted, streams send `Resync`. */
export type RoomEvent = {
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** The current state of the room. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. */
  seq: Scalars['Int']['output'];
};

/** A user's membership of a room. Its id does not change while it lasts, so client caches update a changed role in every list. */
export type RoomMember = {
  __typename?: 'RoomMember';
  /** The id of the membership. A user that leaves and joins again gets a new one. */
  id: Scalars['ID']['output'];
  /** When the user joined. */
  joinedAt: Scalars['Time']['output'];
  /** The role of the member. */
  role: RoomRole;
  /** The user. */
  user: User;
};

/** A page of a room's members. */
export type RoomMemberConnection = {
  __typename?: 'RoomMemberConnection';
  /** The members with their memberships and cursors. */
  edges: Array<RoomMemberEdge>;
  /** The users, without memberships. */
  nodes: Array<User>;
  /** The position of this page in the list. */
  pageInfo: PageInfo;
  /** The number of all members of the room. */
  totalCount: Scalars['Int']['output'];
};

/** One entry of a list of members. */
export type RoomMemberEdge = {
  __typename?: 'RoomMemberEdge';
  /** The position of the entry, for `after`. */
  cursor: Scalars['String']['output'];
  /** The user's membership. */
  member: RoomMember;
  /** The user. */
  node: User;
};

/** A position in a room's log: the seq of the last event of the room that the client has applied. */
export type RoomPosition = {
  /** The room. */
  roomId: Scalars['ID']['input'];
  /** The seq of the last event applied; 0 for the beginning of the log. */
  seq: Scalars['Int']['input'];
};

/** The rights of a member in a room. */
export type RoomRole =
  /** Reads and sends messages. */
  | 'MEMBER'
  /** Manages members and messages. */
  | 'MODERATOR'
  /** Has all rights. A room has exactly one owner. */
  | 'OWNER';

/** The new rooms that `roomCreated` sends. */
export type RoomScope =
  /** Rooms that are created with the viewer as a member. */
  | 'MINE'
  /** All public rooms, for a lobby. */
  | 'PUBLIC';

/** The room's name, description, access type, size, tags or key changed. */
export type RoomUpdated = RoomEvent & {
  __typename?: 'RoomUpdated';
  /** When the event happened. */
  at: Scalars['Time']['output'];
  /** The current state of the room. */
  room: Room;
  /** The room of the event. */
  roomId: Scalars['ID']['output'];
  /** The position of the event in the room's log. */
  seq: Scalars['Int']['output'];
};

/** The result of `rotateRoomKey`. */
export type RotateRoomKeyPayload = {
  __typename?: 'RotateRoomKeyPayload';
  /** The current state of the room, with its new joinKey. */
  room: Room;
};

/** A message to send. */
export type SendMessageInput = {
  /** 1 to 16,000 characters; a JSON document if the type is CARD. */
  contents: Scalars['String']['input'];
  /** 1 to 200 characters; use a random key. A second request of the same user with the same key in the same room returns the first message. The key never expires. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Members that the message mentions, at most 100. Duplicates count once. */
  mentionIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** The NFT attached to the message. */
  openseaItem?: InputMaybe<OpenseaItemInput>;
  /** A message of the same room that this one replies to. */
  replyToId?: InputMaybe<Scalars['ID']['input']>;
  /** A room that the viewer is in. */
  roomId: Scalars['ID']['input'];
  /** The first message of the thread that this one belongs to. It must be of the same room and not in a thread itself. */
  threadId?: InputMaybe<Scalars['ID']['input']>;
  /** The format of the contents. */
  type?: InputMaybe<MessageType>;
};

/** The result of `sendMessage`. */
export type SendMessagePayload = {
  __typename?: 'SendMessagePayload';
  /** The sent message. */
  message: Message;
};

/** The result of `setMemberRole`. */
export type SetMemberRolePayload = {
  __typename?: 'SetMemberRolePayload';
  /** The membership, with its new role. */
  member: RoomMember;
  /** The current state of the room. */
  room: Room;
};

/** The result of `signIn`. */
export type SignInPayload = {
  __typename?: 'SignInPayload';
  /** When the token expires. */
  expiresAt: Scalars['Time']['output'];
  /** Send it in the header `Authorization: Bearer …`, or over a WebSocket as `authorization` in the payload of connection_init. */
  token: Scalars['String']['output'];
  /** The user of the token. */
  user: User;
};

/** A user's profile on another platform. Unknown fields are empty. */
export type SocialProfile = {
  __typename?: 'SocialProfile';
  /** The URL of the user's picture on the platform. */
  avatar: Scalars['String']['output'];
  /** The user's name on the platform. */
  username: Scalars['String']['output'];
};

/** The changes to a profile. A field that is omitted or null does not change; an empty string clears it. */
export type SocialProfileInput = {
  /** The URL of the user's picture on the platform, at most 2,000 characters. */
  avatar?: InputMaybe<Scalars['String']['input']>;
  /** The user's name on the platform, at most 200 characters. */
  username?: InputMaybe<Scalars['String']['input']>;
};

/** The first item of every roomEvents stream, also after a client library reconnects. Events up to this seq are history; later ones are live. Not an entry of the log. */
export type StreamOpened = RoomEvent & {
  __typename?: 'StreamOpened';
  /** When the stream opened. */
  at: Scalars['Time']['output'];
  /**
   * The newest messages at this seq, oldest first. Together with `room` this is a snapshot; apply the events after it to keep it current.
   * `last` is 1 to 50. The messages are the same for all members. `Room.messages(before: startCursor)` returns the older ones.
   */
  messages: MessageConnection;
  /** The room at this seq. Apply the events after it to keep it current. Its users may be newer than this seq. */
  room: Room;
  /** The room of the stream. */
  roomId: Scalars['ID']['output'];
  /** The seq of the room's newest event when the stream opened. */
  seq: Scalars['Int']['output'];
};


/** The first item of every roomEvents stream, also after a client library reconnects. Events up to this seq are history; later ones are live. Not an entry of the log. */
export type StreamOpenedMessagesArgs = {
  last?: Scalars['Int']['input'];
};

/** The streams of events. A subscription selects one field. */
export type Subscription = {
  __typename?: 'Subscription';
  /**
   * Sends each message added to a room that the viewer is in. With `after`, the messages since that seq come first. A reconnect with the same `after` repeats them: drop them by seq. A reconnect without `after` may miss some.
   * Ends with RESYNC if the log cannot continue from `after`, and with MEMBERSHIP_ENDED when the viewer is no longer in the room.
   */
  messageAdded: Message;
  /**
   * Sends every event of every room that the viewer is in: without gaps and in order within each room, without an order between rooms.
   * A room continues after its position in `after`. A room without a position begins at its newest event: read the room if the seq of its StreamOpened is above 0. A room that the viewer joins later begins at the viewer's MemberJoined. Events up to the seq of a room's StreamOpened are history.
   * The first items open the rooms, then READY follows, then events. A room that ends for the viewer sends ENDED.
   * `after` and `rooms` list at most 1,000 rooms each, each room once. `rooms` restricts the stream, also for rooms that the viewer joins later. A room in `rooms` or `after` that the viewer is not in sends ENDED.
   * A client library that reconnects by itself sends the same `after` again: drop events whose seq is not above the last one applied of their room, except StreamOpened and Resync.
   */
  myEvents: MyEvent;
  /** Sends changes of the viewer's chat list: new rooms, new names, messages, read positions, rooms left. At most one change per room every 250 ms. */
  myRoomsChanged: MyRoomsChange;
  /** Sends each new room that is created with the viewer as a member (MINE), or each new public room (PUBLIC). */
  roomCreated: Room;
  /**
   * Sends every event of a room that the viewer is in, in order, after the seq `after`; without `after`, from now on.
   * Ends with MEMBERSHIP_ENDED when the viewer is no longer in the room.
   */
  roomEvents: RoomEvent;
};


/** The streams of events. A subscription selects one field. */
export type SubscriptionMessageAddedArgs = {
  after?: InputMaybe<Scalars['Int']['input']>;
  roomId: Scalars['ID']['input'];
};


/** The streams of events. A subscription selects one field. */
export type SubscriptionMyEventsArgs = {
  after?: Array<RoomPosition>;
  rooms?: InputMaybe<Array<Scalars['ID']['input']>>;
};


/** The streams of events. A subscription selects one field. */
export type SubscriptionRoomCreatedArgs = {
  scope?: RoomScope;
};


/** The streams of events. A subscription selects one field. */
export type SubscriptionRoomEventsArgs = {
  after?: InputMaybe<Scalars['Int']['input']>;
  roomId: Scalars['ID']['input'];
};

/** The result of `unban`. */
export type UnbanPayload = {
  __typename?: 'UnbanPayload';
  /** The current state of the room. */
  room: Room;
  /** The user whose ban ended. */
  user: User;
};

/** The result of `updateProfile`. */
export type UpdateProfilePayload = {
  __typename?: 'UpdateProfilePayload';
  /** The viewer, with the new profile. */
  user: User;
};

/** The changes to a room. A field that is omitted or null does not change. */
export type UpdateRoomInput = {
  /** Only the owner can change it. It cannot be changed in a direct room. */
  accessType?: InputMaybe<RoomAccessType>;
  /** At most 2,000 characters; an empty string clears it. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** The maximum number of members, not below the current number; 0 is unlimited. It cannot be changed in a direct room. */
  maxUsers?: InputMaybe<Scalars['Int']['input']>;
  /** At most 200 characters; an empty string clears it. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** A room of which the viewer is the owner or a moderator. */
  roomId: Scalars['ID']['input'];
  /** At most 20 tags of 1 to 50 characters. They replace the current tags. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
};

/** The result of `updateRoom`. */
export type UpdateRoomPayload = {
  __typename?: 'UpdateRoomPayload';
  /** The current state of the room. */
  room: Room;
};

/** The result of `upsertUsers`. */
export type UpsertUsersPayload = {
  __typename?: 'UpsertUsersPayload';
  /** The given users, in the order given, each once. */
  users: Array<User>;
};

/** A person who uses the application. The id is the `sub` of the user's token. */
export type User = Node & {
  __typename?: 'User';
  /** The users that may add the viewer to rooms. Null unless this user is the viewer. */
  addPermission?: Maybe<AddPermission>;
  /** The URL of the user's picture; empty if there is none. */
  avatar: Scalars['String']['output'];
  /** When the user was created. */
  createdAt: Scalars['Time']['output'];
  /** The user's profile on Discord. */
  discord: SocialProfile;
  /** A name of the Ethereum Name Service, not validated; empty if there is none. */
  ensName: Scalars['String']['output'];
  /** An Ethereum wallet address, not validated; empty if there is none. */
  ethWalletAddress: Scalars['String']['output'];
  /** The user's profile on Facebook. */
  facebook: SocialProfile;
  /** The `sub` of the user's token, 1 to 128 characters. */
  id: Scalars['ID']['output'];
  /** The user's profile on Instagram. */
  instagram: SocialProfile;
  /** The user's name; empty if unknown. */
  nickName: Scalars['String']['output'];
  /** The user's profile on OpenSea. */
  opensea: SocialProfile;
  /** A free text that other users see. */
  status: Scalars['String']['output'];
  /** The user's profile on Twitter. */
  twitter: SocialProfile;
  /** The relation between this user and the viewer. */
  viewerFriendship: Friendship;
};

/** A user to create or update. */
export type UserInput = {
  /** The `sub` of the user's tokens, 1 to 128 characters. */
  id: Scalars['ID']['input'];
  /** The profile of the user. */
  profile: ProfileInput;
};

export type SignInMutationVariables = Exact<{
  userId: Scalars['ID']['input'];
  nickName?: InputMaybe<Scalars['String']['input']>;
}>;


export type SignInMutation = { __typename?: 'Mutation', signIn?: { __typename?: 'SignInPayload', token: string, user: { __typename?: 'User', id: string, nickName: string } } | null };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { __typename?: 'Query', me: { __typename?: 'User', id: string, nickName: string } };

export type RoomSummaryFragment = { __typename?: 'Room', id: string, name: string, accessType: RoomAccessType, memberCount: number, updatedAt: string, unreadCount: number, members: { __typename?: 'RoomMemberConnection', nodes: Array<{ __typename?: 'User', id: string, nickName: string }> }, latestMessage?: { __typename?: 'Message', contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null };

export type MyRoomsQueryVariables = Exact<{
  after?: InputMaybe<Scalars['String']['input']>;
}>;


export type MyRoomsQuery = { __typename?: 'Query', myRooms: { __typename?: 'RoomConnection', nodes: Array<{ __typename?: 'Room', id: string, name: string, accessType: RoomAccessType, memberCount: number, updatedAt: string, unreadCount: number, members: { __typename?: 'RoomMemberConnection', nodes: Array<{ __typename?: 'User', id: string, nickName: string }> }, latestMessage?: { __typename?: 'Message', contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null }>, pageInfo: { __typename?: 'PageInfo', hasNextPage: boolean, endCursor?: string | null } } };

export type MyRoomsChangedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type MyRoomsChangedSubscription = { __typename?: 'Subscription', myRoomsChanged: { __typename?: 'MyRoomsChange', kind: MyRoomsChangeKind, roomId?: string | null, room?: { __typename?: 'Room', id: string, name: string, accessType: RoomAccessType, memberCount: number, updatedAt: string, unreadCount: number, members: { __typename?: 'RoomMemberConnection', nodes: Array<{ __typename?: 'User', id: string, nickName: string }> }, latestMessage?: { __typename?: 'Message', contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null } | null } };

export type RoomCreatedSubscriptionVariables = Exact<{
  scope: RoomScope;
}>;


export type RoomCreatedSubscription = { __typename?: 'Subscription', roomCreated: { __typename?: 'Room', id: string, name: string, description: string, accessType: RoomAccessType, memberCount: number, maxUsers: number, tags: Array<string>, creator: { __typename?: 'User', id: string, nickName: string } } };

export type FoundRoomFragment = { __typename?: 'Room', id: string, name: string, description: string, accessType: RoomAccessType, memberCount: number, maxUsers: number, tags: Array<string>, creator: { __typename?: 'User', id: string, nickName: string } };

export type FindRoomsQueryVariables = Exact<{
  search?: InputMaybe<Scalars['String']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
}>;


export type FindRoomsQuery = { __typename?: 'Query', rooms: { __typename?: 'RoomConnection', nodes: Array<{ __typename?: 'Room', id: string, name: string, description: string, accessType: RoomAccessType, memberCount: number, maxUsers: number, tags: Array<string>, creator: { __typename?: 'User', id: string, nickName: string } }>, pageInfo: { __typename?: 'PageInfo', hasNextPage: boolean, endCursor?: string | null } } };

export type CreateRoomMutationVariables = Exact<{
  input: CreateRoomInput;
}>;


export type CreateRoomMutation = { __typename?: 'Mutation', createRoom?: { __typename?: 'CreateRoomPayload', room: { __typename?: 'Room', id: string } } | null };

export type JoinRoomMutationVariables = Exact<{
  roomId: Scalars['ID']['input'];
  key?: InputMaybe<Scalars['String']['input']>;
}>;


export type JoinRoomMutation = { __typename?: 'Mutation', joinRoom?: { __typename?: 'JoinRoomPayload', room: { __typename?: 'Room', id: string } } | null };

export type LeaveRoomMutationVariables = Exact<{
  roomId: Scalars['ID']['input'];
}>;


export type LeaveRoomMutation = { __typename?: 'Mutation', leaveRoom?: { __typename?: 'LeaveRoomPayload', roomId: string } | null };

export type DeleteRoomMutationVariables = Exact<{
  roomId: Scalars['ID']['input'];
}>;


export type DeleteRoomMutation = { __typename?: 'Mutation', deleteRoom?: { __typename?: 'DeleteRoomPayload', roomId: string } | null };

export type AddMembersMutationVariables = Exact<{
  roomId: Scalars['ID']['input'];
  userIds: Array<Scalars['ID']['input']> | Scalars['ID']['input'];
}>;


export type AddMembersMutation = { __typename?: 'Mutation', addMembers?: { __typename?: 'AddMembersPayload', members: Array<{ __typename?: 'RoomMember', id: string }> } | null };

export type RotateRoomKeyMutationVariables = Exact<{
  roomId: Scalars['ID']['input'];
}>;


export type RotateRoomKeyMutation = { __typename?: 'Mutation', rotateRoomKey?: { __typename?: 'RotateRoomKeyPayload', room: { __typename?: 'Room', id: string, joinKey?: string | null } } | null };

export type MessagePartsFragment = { __typename?: 'Message', id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> };

export type ReadMessageFragment = { __typename?: 'Message', viewerReactions: Array<string>, id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> };

export type RoomDetailsFragment = { __typename?: 'Room', viewerRole?: RoomRole | null, joinKey?: string | null, id: string, name: string, description: string, accessType: RoomAccessType, memberCount: number, maxUsers: number, tags: Array<string>, members: { __typename?: 'RoomMemberConnection', edges: Array<{ __typename?: 'RoomMemberEdge', member: { __typename?: 'RoomMember', id: string, role: RoomRole }, node: { __typename?: 'User', id: string, nickName: string } }> }, creator: { __typename?: 'User', id: string, nickName: string } };

export type DetailsQueryVariables = Exact<{
  roomId: Scalars['ID']['input'];
}>;


export type DetailsQuery = { __typename?: 'Query', roomInfo?: { __typename?: 'Room', viewerRole?: RoomRole | null, joinKey?: string | null, id: string, name: string, description: string, accessType: RoomAccessType, memberCount: number, maxUsers: number, tags: Array<string>, members: { __typename?: 'RoomMemberConnection', edges: Array<{ __typename?: 'RoomMemberEdge', member: { __typename?: 'RoomMember', id: string, role: RoomRole }, node: { __typename?: 'User', id: string, nickName: string } }> }, creator: { __typename?: 'User', id: string, nickName: string } } | null };

export type OpenRoomQueryVariables = Exact<{
  roomId: Scalars['ID']['input'];
}>;


export type OpenRoomQuery = { __typename?: 'Query', roomInfo?: { __typename?: 'Room', seq: number, lastReadSeq: number, viewerRole?: RoomRole | null, joinKey?: string | null, id: string, name: string, description: string, accessType: RoomAccessType, memberCount: number, maxUsers: number, tags: Array<string>, messages?: { __typename?: 'MessageConnection', nodes: Array<{ __typename?: 'Message', viewerReactions: Array<string>, id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> }>, pageInfo: { __typename?: 'PageInfo', hasPreviousPage: boolean } } | null, members: { __typename?: 'RoomMemberConnection', edges: Array<{ __typename?: 'RoomMemberEdge', member: { __typename?: 'RoomMember', id: string, role: RoomRole }, node: { __typename?: 'User', id: string, nickName: string } }> }, creator: { __typename?: 'User', id: string, nickName: string } } | null };

export type EarlierMessagesQueryVariables = Exact<{
  roomId: Scalars['ID']['input'];
  beforeSeq: Scalars['Int']['input'];
}>;


export type EarlierMessagesQuery = { __typename?: 'Query', roomInfo?: { __typename?: 'Room', messages?: { __typename?: 'MessageConnection', nodes: Array<{ __typename?: 'Message', viewerReactions: Array<string>, id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> }>, pageInfo: { __typename?: 'PageInfo', hasPreviousPage: boolean } } | null } | null };

export type ThreadQueryVariables = Exact<{
  messageId: Scalars['ID']['input'];
  before?: InputMaybe<Scalars['String']['input']>;
}>;


export type ThreadQuery = { __typename?: 'Query', node?:
    | { __typename?: 'Message', viewerReactions: Array<string>, id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, replies: { __typename?: 'MessageConnection', nodes: Array<{ __typename?: 'Message', viewerReactions: Array<string>, id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> }>, pageInfo: { __typename?: 'PageInfo', hasPreviousPage: boolean, startCursor?: string | null } }, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> }
    | { __typename?: 'Room' }
    | { __typename?: 'User' }
   | null };

export type RoomEventsSubscriptionVariables = Exact<{
  roomId: Scalars['ID']['input'];
  after: Scalars['Int']['input'];
}>;


export type RoomEventsSubscription = { __typename?: 'Subscription', roomEvents:
    | { __typename: 'MemberJoined', seq: number, user: { __typename?: 'User', id: string, nickName: string } }
    | { __typename: 'MemberLeft', seq: number, user: { __typename?: 'User', id: string, nickName: string } }
    | { __typename: 'MemberRoleChanged', seq: number }
    | { __typename: 'MessageAdded', seq: number, message: { __typename?: 'Message', id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, thread?: { __typename?: 'Message', replyCount: number, isThread: boolean, id: string } | null, from: { __typename?: 'User', id: string, nickName: string }, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> } }
    | { __typename: 'MessageDeleted', seq: number, message: { __typename?: 'Message', id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> } }
    | { __typename: 'MessageEdited', seq: number, message: { __typename?: 'Message', id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> } }
    | { __typename: 'ReactionsChanged', emoji: string, on: boolean, seq: number, message: { __typename?: 'Message', id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> }, user: { __typename?: 'User', id: string } }
    | { __typename: 'Resync', seq: number }
    | { __typename: 'RoomDeleted', seq: number }
    | { __typename: 'RoomUpdated', seq: number }
    | { __typename: 'StreamOpened', seq: number }
   };

export type SendMessageMutationVariables = Exact<{
  input: SendMessageInput;
}>;


export type SendMessageMutation = { __typename?: 'Mutation', sendMessage?: { __typename?: 'SendMessagePayload', message: { __typename?: 'Message', viewerReactions: Array<string>, id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> } } | null };

export type EditMessageMutationVariables = Exact<{
  messageId: Scalars['ID']['input'];
  contents: Scalars['String']['input'];
}>;


export type EditMessageMutation = { __typename?: 'Mutation', editMessage?: { __typename?: 'EditMessagePayload', message: { __typename?: 'Message', viewerReactions: Array<string>, id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> } } | null };

export type DeleteMessageMutationVariables = Exact<{
  messageId: Scalars['ID']['input'];
}>;


export type DeleteMessageMutation = { __typename?: 'Mutation', deleteMessage?: { __typename?: 'DeleteMessagePayload', message: { __typename?: 'Message', viewerReactions: Array<string>, id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> } } | null };

export type ReactMutationVariables = Exact<{
  messageId: Scalars['ID']['input'];
  emoji: Scalars['String']['input'];
  on: Scalars['Boolean']['input'];
}>;


export type ReactMutation = { __typename?: 'Mutation', react?: { __typename?: 'ReactPayload', message: { __typename?: 'Message', viewerReactions: Array<string>, id: string, seq: number, contents: string, createdAt: string, editedAt?: string | null, deletedAt?: string | null, idempotencyKey?: string | null, isThread: boolean, replyCount: number, from: { __typename?: 'User', id: string, nickName: string }, thread?: { __typename?: 'Message', id: string } | null, replyTo?: { __typename?: 'Message', id: string, contents: string, deletedAt?: string | null, from: { __typename?: 'User', id: string, nickName: string } } | null, mentions: Array<{ __typename?: 'User', id: string, nickName: string }>, reactions: Array<{ __typename?: 'Reaction', emoji: string, count: number }> } } | null };

export type MarkReadMutationVariables = Exact<{
  roomId: Scalars['ID']['input'];
  seq: Scalars['Int']['input'];
}>;


export type MarkReadMutation = { __typename?: 'Mutation', markRead?: { __typename?: 'MarkReadPayload', room: { __typename?: 'Room', id: string, unreadCount: number } } | null };

export const RoomSummaryFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RoomSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"unreadCount"}},{"kind":"Field","name":{"kind":"Name","value":"members"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"4"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"latestMessage"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]}}]} as unknown as DocumentNode<RoomSummaryFragment, unknown>;
export const MessagePartsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}}]} as unknown as DocumentNode<MessagePartsFragment, unknown>;
export const ReadMessageFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReadMessage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}},{"kind":"Field","name":{"kind":"Name","value":"viewerReactions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}}]} as unknown as DocumentNode<ReadMessageFragment, unknown>;
export const FoundRoomFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"FoundRoom"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxUsers"}},{"kind":"Field","name":{"kind":"Name","value":"tags"}},{"kind":"Field","name":{"kind":"Name","value":"creator"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]} as unknown as DocumentNode<FoundRoomFragment, unknown>;
export const RoomDetailsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RoomDetails"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"FoundRoom"}},{"kind":"Field","name":{"kind":"Name","value":"viewerRole"}},{"kind":"Field","name":{"kind":"Name","value":"joinKey"}},{"kind":"Field","name":{"kind":"Name","value":"members"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"member"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"role"}}]}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"FoundRoom"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxUsers"}},{"kind":"Field","name":{"kind":"Name","value":"tags"}},{"kind":"Field","name":{"kind":"Name","value":"creator"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]} as unknown as DocumentNode<RoomDetailsFragment, unknown>;
export const SignInDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SignIn"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"userId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"nickName"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"signIn"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"userId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"userId"}}},{"kind":"Argument","name":{"kind":"Name","value":"nickName"},"value":{"kind":"Variable","name":{"kind":"Name","value":"nickName"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"token"}},{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]}}]} as unknown as DocumentNode<SignInMutation, SignInMutationVariables>;
export const MeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]} as unknown as DocumentNode<MeQuery, MeQueryVariables>;
export const MyRoomsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"MyRooms"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"myRooms"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RoomSummary"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RoomSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"unreadCount"}},{"kind":"Field","name":{"kind":"Name","value":"members"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"4"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"latestMessage"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]}}]} as unknown as DocumentNode<MyRoomsQuery, MyRoomsQueryVariables>;
export const MyRoomsChangedDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"MyRoomsChanged"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"myRoomsChanged"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"roomId"}},{"kind":"Field","name":{"kind":"Name","value":"room"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RoomSummary"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RoomSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"unreadCount"}},{"kind":"Field","name":{"kind":"Name","value":"members"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"4"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"latestMessage"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]}}]} as unknown as DocumentNode<MyRoomsChangedSubscription, MyRoomsChangedSubscriptionVariables>;
export const RoomCreatedDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"RoomCreated"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"scope"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RoomScope"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"roomCreated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"scope"},"value":{"kind":"Variable","name":{"kind":"Name","value":"scope"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"FoundRoom"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"FoundRoom"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxUsers"}},{"kind":"Field","name":{"kind":"Name","value":"tags"}},{"kind":"Field","name":{"kind":"Name","value":"creator"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]} as unknown as DocumentNode<RoomCreatedSubscription, RoomCreatedSubscriptionVariables>;
export const FindRoomsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"FindRooms"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rooms"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"20"}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"FoundRoom"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"FoundRoom"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxUsers"}},{"kind":"Field","name":{"kind":"Name","value":"tags"}},{"kind":"Field","name":{"kind":"Name","value":"creator"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]} as unknown as DocumentNode<FindRoomsQuery, FindRoomsQueryVariables>;
export const CreateRoomDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateRoom"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateRoomInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createRoom"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"room"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<CreateRoomMutation, CreateRoomMutationVariables>;
export const JoinRoomDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"JoinRoom"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"key"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"joinRoom"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}},{"kind":"Argument","name":{"kind":"Name","value":"key"},"value":{"kind":"Variable","name":{"kind":"Name","value":"key"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"room"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<JoinRoomMutation, JoinRoomMutationVariables>;
export const LeaveRoomDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"LeaveRoom"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"leaveRoom"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"roomId"}}]}}]}}]} as unknown as DocumentNode<LeaveRoomMutation, LeaveRoomMutationVariables>;
export const DeleteRoomDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"DeleteRoom"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deleteRoom"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"roomId"}}]}}]}}]} as unknown as DocumentNode<DeleteRoomMutation, DeleteRoomMutationVariables>;
export const AddMembersDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"AddMembers"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"userIds"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"addMembers"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}},{"kind":"Argument","name":{"kind":"Name","value":"userIds"},"value":{"kind":"Variable","name":{"kind":"Name","value":"userIds"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"members"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<AddMembersMutation, AddMembersMutationVariables>;
export const RotateRoomKeyDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RotateRoomKey"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rotateRoomKey"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"room"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"joinKey"}}]}}]}}]}}]} as unknown as DocumentNode<RotateRoomKeyMutation, RotateRoomKeyMutationVariables>;
export const DetailsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Details"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"roomInfo"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RoomDetails"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"FoundRoom"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxUsers"}},{"kind":"Field","name":{"kind":"Name","value":"tags"}},{"kind":"Field","name":{"kind":"Name","value":"creator"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RoomDetails"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"FoundRoom"}},{"kind":"Field","name":{"kind":"Name","value":"viewerRole"}},{"kind":"Field","name":{"kind":"Name","value":"joinKey"}},{"kind":"Field","name":{"kind":"Name","value":"members"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"member"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"role"}}]}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]}}]}}]} as unknown as DocumentNode<DetailsQuery, DetailsQueryVariables>;
export const OpenRoomDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"OpenRoom"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"roomInfo"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RoomDetails"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"lastReadSeq"}},{"kind":"Field","name":{"kind":"Name","value":"messages"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"IntValue","value":"50"}},{"kind":"Argument","name":{"kind":"Name","value":"inThreads"},"value":{"kind":"BooleanValue","value":false}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReadMessage"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"FoundRoom"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"maxUsers"}},{"kind":"Field","name":{"kind":"Name","value":"tags"}},{"kind":"Field","name":{"kind":"Name","value":"creator"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RoomDetails"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Room"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"FoundRoom"}},{"kind":"Field","name":{"kind":"Name","value":"viewerRole"}},{"kind":"Field","name":{"kind":"Name","value":"joinKey"}},{"kind":"Field","name":{"kind":"Name","value":"members"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"member"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"role"}}]}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReadMessage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}},{"kind":"Field","name":{"kind":"Name","value":"viewerReactions"}}]}}]} as unknown as DocumentNode<OpenRoomQuery, OpenRoomQueryVariables>;
export const EarlierMessagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"EarlierMessages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"beforeSeq"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"roomInfo"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messages"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"IntValue","value":"50"}},{"kind":"Argument","name":{"kind":"Name","value":"beforeSeq"},"value":{"kind":"Variable","name":{"kind":"Name","value":"beforeSeq"}}},{"kind":"Argument","name":{"kind":"Name","value":"inThreads"},"value":{"kind":"BooleanValue","value":false}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReadMessage"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReadMessage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}},{"kind":"Field","name":{"kind":"Name","value":"viewerReactions"}}]}}]} as unknown as DocumentNode<EarlierMessagesQuery, EarlierMessagesQueryVariables>;
export const ThreadDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Thread"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReadMessage"}},{"kind":"Field","name":{"kind":"Name","value":"replies"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"IntValue","value":"50"}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReadMessage"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}}]}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReadMessage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}},{"kind":"Field","name":{"kind":"Name","value":"viewerReactions"}}]}}]} as unknown as DocumentNode<ThreadQuery, ThreadQueryVariables>;
export const RoomEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"RoomEvents"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"roomEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MessageAdded"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}}]}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MessageEdited"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MessageDeleted"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReactionsChanged"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"on"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MemberJoined"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MemberLeft"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}}]} as unknown as DocumentNode<RoomEventsSubscription, RoomEventsSubscriptionVariables>;
export const SendMessageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SendMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SendMessageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sendMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReadMessage"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReadMessage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}},{"kind":"Field","name":{"kind":"Name","value":"viewerReactions"}}]}}]} as unknown as DocumentNode<SendMessageMutation, SendMessageMutationVariables>;
export const EditMessageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"EditMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"contents"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"editMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"messageId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}}},{"kind":"Argument","name":{"kind":"Name","value":"contents"},"value":{"kind":"Variable","name":{"kind":"Name","value":"contents"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReadMessage"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReadMessage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}},{"kind":"Field","name":{"kind":"Name","value":"viewerReactions"}}]}}]} as unknown as DocumentNode<EditMessageMutation, EditMessageMutationVariables>;
export const DeleteMessageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"DeleteMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deleteMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"messageId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReadMessage"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReadMessage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}},{"kind":"Field","name":{"kind":"Name","value":"viewerReactions"}}]}}]} as unknown as DocumentNode<DeleteMessageMutation, DeleteMessageMutationVariables>;
export const ReactDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"React"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"emoji"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"on"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"react"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"messageId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}}},{"kind":"Argument","name":{"kind":"Name","value":"emoji"},"value":{"kind":"Variable","name":{"kind":"Name","value":"emoji"}}},{"kind":"Argument","name":{"kind":"Name","value":"on"},"value":{"kind":"Variable","name":{"kind":"Name","value":"on"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReadMessage"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"editedAt"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"isThread"}},{"kind":"Field","name":{"kind":"Name","value":"replyCount"}},{"kind":"Field","name":{"kind":"Name","value":"thread"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"replyTo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contents"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"mentions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"nickName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reactions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emoji"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReadMessage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageParts"}},{"kind":"Field","name":{"kind":"Name","value":"viewerReactions"}}]}}]} as unknown as DocumentNode<ReactMutation, ReactMutationVariables>;
export const MarkReadDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"MarkRead"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"seq"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"markRead"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"roomId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"roomId"}}},{"kind":"Argument","name":{"kind":"Name","value":"seq"},"value":{"kind":"Variable","name":{"kind":"Name","value":"seq"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"room"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"unreadCount"}}]}}]}}]}}]} as unknown as DocumentNode<MarkReadMutation, MarkReadMutationVariables>;