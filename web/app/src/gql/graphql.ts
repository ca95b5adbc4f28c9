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
  /** An instant in UTC, RFC 3339 with six fractional digits, so that times sort as texts do, e.g. 2022-01-29T08:10:10.855372Z. */
  Time: { input: string; output: string; }
};

/** The outcome of `addMembers`. */
export type AddMembersPayload = {
  __typename?: 'AddMembersPayload';
  /** The memberships of all who were named, in the order given, each once. */
  members: Array<RoomMember>;
  /** The room as it is now. */
  room: Room;
};

/** The users that may make a person a member of a room by createRoom, addMembers or directRoom. Admin tokens always may; joining oneself is not affected. */
export type AddPermission =
  /** Every user. This is the default. */
  | 'EVERYONE'
  /** Only friends. */
  | 'FRIENDS'
  /** No user. */
  | 'NOBODY';

/** The outcome of `answerFriendRequest`. */
export type AnswerFriendRequestPayload = {
  __typename?: 'AnswerFriendRequestPayload';
  /** Whom I answered. */
  user: User;
};

/** A page of those who are banned from a room. */
export type BanConnection = {
  __typename?: 'BanConnection';
  /** The people and their bans. */
  edges: Array<BanEdge>;
  /** The people alone. */
  nodes: Array<User>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
};

/** A ban's place in the list. */
export type BanEdge = {
  __typename?: 'BanEdge';
  /** Since when. */
  at: Scalars['Time']['output'];
  /** Who banned them. */
  by: User;
  /** The entry's own position, for `after`. */
  cursor: Scalars['String']['output'];
  /** Who is banned. */
  node: User;
};

/** A room to make. */
export type CreateRoomInput = {
  /** Left out: PRIVATE where memberIds names anyone, else PUBLIC. */
  accessType?: InputMaybe<RoomAccessType>;
  /** At most 2,000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** Leave the exclusive room I am in, instead of failing with ALREADY_IN_ROOM. It moves only me. */
  disconnect?: InputMaybe<Scalars['Boolean']['input']>;
  /** A person can be in one exclusive room at a time: everyone in it must be in none. memberIds must be friends of mine then, unless the token is an admin's. */
  exclusive?: InputMaybe<Scalars['Boolean']['input']>;
  /** The same key from the same person returns the same room, however often it is sent. 1 to 200 characters; make it random. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The most members it may have, myself included; 0 is unlimited. */
  maxUsers?: InputMaybe<Scalars['Int']['input']>;
  /** Who is in it from the start, besides me; at most 1,000. Someone named twice, and myself, count once. FORBIDDEN, with `extensions.ids`, if someone's addPermission does not allow it. */
  memberIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** At most 200 characters; may be empty. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** The OpenSea collection the room is made for. */
  openseaCollection?: InputMaybe<OpenseaCollectionInput>;
  /** At most 20 of at most 50 characters. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
};

/** The outcome of `createRoom`. */
export type CreateRoomPayload = {
  __typename?: 'CreateRoomPayload';
  /** The room made. */
  room: Room;
};

/** The outcome of `deleteMessage`. */
export type DeleteMessagePayload = {
  __typename?: 'DeleteMessagePayload';
  /** What is left of the message. */
  message: Message;
};

/** The outcome of `deleteRoom`. */
export type DeleteRoomPayload = {
  __typename?: 'DeleteRoomPayload';
  /** The room that is no more. */
  roomId: Scalars['ID']['output'];
};

/** The outcome of `directRoom`. */
export type DirectRoomPayload = {
  __typename?: 'DirectRoomPayload';
  /** The room kept for the two of us. */
  room: Room;
};

/** The outcome of `editMessage`. */
export type EditMessagePayload = {
  __typename?: 'EditMessagePayload';
  /** The message as it is now. */
  message: Message;
};

/**
 * The values of an error's `extensions.code`. More may be added: keep a default branch.
 * Each is explained in docs/errors.md.
 */
export type ErrorCode =
  /** I am (or someone named is) in another exclusive room. `extensions.ids` names them. */
  | 'ALREADY_IN_ROOM'
  /** A value that cannot be accepted. `extensions.field` names the argument. */
  | 'BAD_USER_INPUT'
  /** I am banned from the room; or someone named is, `extensions.ids`. */
  | 'BANNED'
  /** The server answers trusted documents only, and this is none of them. */
  | 'DOCUMENT_NOT_TRUSTED'
  /** It exists and I may see it, but I may not do this. `extensions.ids`, where given, names people who do not let me add them. */
  | 'FORBIDDEN'
  /** The document is not GraphQL. */
  | 'GRAPHQL_PARSE_FAILED'
  /** The document or its variables do not fit the schema. */
  | 'GRAPHQL_VALIDATION_FAILED'
  /** The idempotencyKey has been used by another request of mine. */
  | 'IDEMPOTENCY_CONFLICT'
  /** A fault of the server. `extensions.requestId` finds it in the server's log. */
  | 'INTERNAL'
  /** A stream ends because I am no longer in the room; `extensions.reason` is a LeaveReason or DELETED. */
  | 'MEMBERSHIP_ENDED'
  /** There is no such thing, or none that I may see. */
  | 'NOT_FOUND'
  /** The server does not know the hash, or the id: send it once more with the query. */
  | 'PERSISTED_QUERY_NOT_FOUND'
  /** The server has no trusted documents, and so knows no ids: send the query. */
  | 'PERSISTED_QUERY_NOT_SUPPORTED'
  /** Too often, or too much at a time. `extensions.retryAfterMs`, where given, says when to try again. */
  | 'RATE_LIMITED'
  /** A stream cannot go on from `after`: read again. */
  | 'RESYNC'
  /** The room has as many members as it may have. */
  | 'ROOM_FULL'
  /** The operation is too deep, asks for too much at once, or repeats itself too often. */
  | 'TOO_COMPLEX'
  /** No token, or one that is expired, wrongly signed or not for this server. Get a new one. */
  | 'UNAUTHENTICATED'
  /**
   * The server cannot do it just now. Safe to retry, unless `extensions.safeToRetry` is false: then the outcome of a write
   * is unknown (a request with an idempotencyKey is always safe to send again).
   */
  | 'UNAVAILABLE'
  /** People were named who do not exist; nothing was done. `extensions.ids` names them. */
  | 'UNKNOWN_USER'
  /** The room takes a key, and this is not it; or there is no such room. */
  | 'WRONG_KEY';

/** A page of my friends. */
export type FriendConnection = {
  __typename?: 'FriendConnection';
  /** The people, each with their cursor. */
  edges: Array<FriendEdge>;
  /** The people alone. */
  nodes: Array<User>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
};

/** A friend's place in the list. */
export type FriendEdge = {
  __typename?: 'FriendEdge';
  /** The entry's own position, for `after`. */
  cursor: Scalars['String']['output'];
  /** The friend. */
  node: User;
  /** When we became friends. */
  since: Scalars['Time']['output'];
};

/** Somebody's wish to be a friend, not answered yet. */
export type FriendRequest = {
  __typename?: 'FriendRequest';
  /** When. */
  createdAt: Scalars['Time']['output'];
  /** Who asked. */
  from: User;
  /** Made by the server; it tells requests apart in a screen's cache. */
  id: Scalars['ID']['output'];
  /** Whom they asked. */
  to: User;
};

/** A page of friend requests. */
export type FriendRequestConnection = {
  __typename?: 'FriendRequestConnection';
  /** The requests, each with its cursor. */
  edges: Array<FriendRequestEdge>;
  /** The requests alone. */
  nodes: Array<FriendRequest>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
};

/** A request's place in the list. */
export type FriendRequestEdge = {
  __typename?: 'FriendRequestEdge';
  /** The entry's own position, for `after`. */
  cursor: Scalars['String']['output'];
  /** The request. */
  node: FriendRequest;
};

/** What there is between a person and me. */
export type Friendship =
  /** We are friends. */
  | 'FRIENDS'
  /** They have asked to be mine. */
  | 'INVITED'
  /** Nothing. */
  | 'NONE'
  /** I have asked to be their friend. */
  | 'REQUESTED';

/** The outcome of `joinRoom`. */
export type JoinRoomPayload = {
  __typename?: 'JoinRoomPayload';
  /** The room that I am in. */
  room: Room;
};

/** Why somebody is no longer in a room. */
export type LeaveReason =
  /** They were removed and may not come back. */
  | 'BANNED'
  /** They went into another exclusive room. */
  | 'DISCONNECTED'
  /** They were removed. */
  | 'KICKED'
  /** They left. */
  | 'LEFT';

/** The outcome of `leaveRoom`. */
export type LeaveRoomPayload = {
  __typename?: 'LeaveRoomPayload';
  /** The room that I am no longer in. */
  roomId: Scalars['ID']['output'];
};

/** The outcome of `leaveRooms`. */
export type LeaveRoomsPayload = {
  __typename?: 'LeaveRoomsPayload';
  /** The rooms named, each once. I am in none of them. */
  roomIds: Array<Scalars['ID']['output']>;
};

/** The outcome of `markRead`. */
export type MarkReadPayload = {
  __typename?: 'MarkReadPayload';
  /** The room as it is now. */
  room: Room;
};

/** Somebody became a member, by themselves or by another. The room's first members are no events. */
export type MemberJoined = RoomEvent & {
  __typename?: 'MemberJoined';
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** Their membership as it is now. Null where they have left since. */
  member?: Maybe<RoomMember>;
  /** The role they joined with. */
  role: RoomRole;
  /** The room as it is now. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log. */
  seq: Scalars['Int']['output'];
  /** Who joined. */
  user: User;
};

/** Somebody left the room, or was made to. */
export type MemberLeft = RoomEvent & {
  __typename?: 'MemberLeft';
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** Why. */
  reason: LeaveReason;
  /** The room as it is now. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log. */
  seq: Scalars['Int']['output'];
  /** Who left. */
  user: User;
};

/** A member's role changed. */
export type MemberRoleChanged = RoomEvent & {
  __typename?: 'MemberRoleChanged';
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** Their membership as it is now. Null where they have left since. */
  member?: Maybe<RoomMember>;
  /** The role they were given. */
  role: RoomRole;
  /** The room as it is now. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log. */
  seq: Scalars['Int']['output'];
  /** Whose role it is. */
  user: User;
};

/** A message in a room. */
export type Message = Node & {
  __typename?: 'Message';
  /** Empty once deleted. */
  contents: Scalars['String']['output'];
  /** When it was sent. */
  createdAt: Scalars['Time']['output'];
  /** When it was deleted; it stays as an empty place in the room. */
  deletedAt?: Maybe<Scalars['Time']['output']>;
  /** When its contents were last changed; null while they are as they were sent. */
  editedAt?: Maybe<Scalars['Time']['output']>;
  /** Who sent it. They may have left since. */
  from: User;
  /** Made by the server. */
  id: Scalars['ID']['output'];
  /** What its sender gave, for the room to see: lets a screen match the echo with what it is still sending. Make it random. */
  idempotencyKey?: Maybe<Scalars['String']['output']>;
  /** True for a message that a thread hangs from. */
  isThread: Scalars['Boolean']['output'];
  /** The people it speaks to. Empty once deleted. */
  mentions: Array<User>;
  /** The NFT it shows. */
  openseaItem?: Maybe<OpenseaItem>;
  /** What people reacted with, the first come first. Empty once deleted. */
  reactions: Array<Reaction>;
  /** The messages whose `thread` is this one, oldest first (not answers by replyTo). Neither first nor last: first 50. At most 100 a page. */
  replies: MessageConnection;
  /** How many messages its thread has, deleted ones included. */
  replyCount: Scalars['Int']['output'];
  /** The message this one answers. */
  replyTo?: Maybe<Message>;
  /** The room it is in. */
  room: Room;
  /** Its position in the room: 1, 2, 3, … shared with the room's other events, never reused, never out of order. */
  seq: Scalars['Int']['output'];
  /** The message whose thread this one belongs to. */
  thread?: Maybe<Message>;
  /** What the contents are. */
  type: MessageType;
  /** The emojis I reacted with. */
  viewerReactions: Array<Scalars['String']['output']>;
};


/** A message in a room. */
export type MessageRepliesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** Somebody sent a message. */
export type MessageAdded = RoomEvent & {
  __typename?: 'MessageAdded';
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** The message as it is now. */
  message: Message;
  /** The room as it is now. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log: the message's own. */
  seq: Scalars['Int']['output'];
};

/** A page of messages. */
export type MessageConnection = {
  __typename?: 'MessageConnection';
  /** The messages, each with its cursor. */
  edges: Array<MessageEdge>;
  /** The messages alone. */
  nodes: Array<Message>;
  /** Where this page stands in the list; both flags are always right. */
  pageInfo: PageInfo;
};

/** A message was deleted. */
export type MessageDeleted = RoomEvent & {
  __typename?: 'MessageDeleted';
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** What is left of the message. */
  message: Message;
  /** The room as it is now. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log. */
  seq: Scalars['Int']['output'];
};

/** A message's place in a list. */
export type MessageEdge = {
  __typename?: 'MessageEdge';
  /** The entry's own position, for `after` and `before`. */
  cursor: Scalars['String']['output'];
  /** The message. */
  node: Message;
};

/** A message's contents were changed. */
export type MessageEdited = RoomEvent & {
  __typename?: 'MessageEdited';
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** The message as it is now. */
  message: Message;
  /** The room as it is now. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log. */
  seq: Scalars['Int']['output'];
};

/** What a message's contents are. */
export type MessageType =
  /** Contents are a JSON document that the application draws. */
  | 'CARD'
  /** Contents are plain text. */
  | 'TEXT';

export type Mutation = {
  __typename?: 'Mutation';
  /** Makes people members, at most 1,000, all of them or none; as the owner or a moderator. Who is a member already stays as they are. FORBIDDEN, with `extensions.ids`, if someone's addPermission does not allow it. */
  addMembers?: Maybe<AddMembersPayload>;
  /** Accepts somebody's request, or turns it down. NOT_FOUND where they have not asked. */
  answerFriendRequest?: Maybe<AnswerFriendRequestPayload>;
  /** Makes a room that I own. */
  createRoom?: Maybe<CreateRoomPayload>;
  /** Empties a message: one of mine, or as a moderator or owner one of somebody with a lower role. Deleting it again changes nothing. */
  deleteMessage?: Maybe<DeleteMessagePayload>;
  /** Deletes a room; as its owner. All of its streams end with MEMBERSHIP_ENDED. */
  deleteRoom?: Maybe<DeleteRoomPayload>;
  /**
   * The one room kept for the two of us, made when there is none: PRIVATE, maxUsers 2, closed to addMembers. Not any room that happens to have two members.
   * It is kept until either of us leaves; what is left then is a room like others. FORBIDDEN if there is none and their addPermission does not allow it.
   */
  directRoom?: Maybe<DirectRoomPayload>;
  /** Changes the contents of a message of mine; 1 to 16,000 characters. */
  editMessage?: Maybe<EditMessagePayload>;
  /**
   * Already a member: success. A room I cannot see, existing or not, answers WRONG_KEY unless the right key came; BANNED and ROOM_FULL only after that.
   * Too many wrong keys are RATE_LIMITED. `disconnect`: leave the exclusive room I am in for this one, instead of failing with ALREADY_IN_ROOM.
   */
  joinRoom?: Maybe<JoinRoomPayload>;
  /** Ends my membership. An owner hands over to the longest-serving moderator, else member; the last one out deletes the room. */
  leaveRoom?: Maybe<LeaveRoomPayload>;
  /** Ends my memberships of at most 100 rooms, as leaveRoom does; all of them or none. A room that I am not in is left already. */
  leaveRooms?: Maybe<LeaveRoomsPayload>;
  /** I have read everything up to seq. It never moves backwards; a seq that is not there yet stands for the newest. */
  markRead?: Maybe<MarkReadPayload>;
  /** Adds my reaction to a message, or takes it away. An emoji has 1 to 32 characters; a message takes at most 50 different ones. */
  react?: Maybe<ReactPayload>;
  /** Ends what there is between somebody and me: our friendship, or a request of either. Memberships stay. */
  removeFriend?: Maybe<RemoveFriendPayload>;
  /** Removes somebody with a lower role, and with `ban` keeps them out: also somebody who is no member, ahead. As the owner or a moderator. Who is not there is removed already. */
  removeMember?: Maybe<RemoveMemberPayload>;
  /** Asks somebody to be my friend. Where they have asked me, we are friends from then on. */
  requestFriend?: Maybe<RequestFriendPayload>;
  /** Gives a room another joinKey; as its owner or a moderator. The old one opens nothing any more. */
  rotateRoomKey?: Maybe<RotateRoomKeyPayload>;
  /** Adds a message to a room that I am in. */
  sendMessage?: Maybe<SendMessagePayload>;
  /** Gives a member another role; as the owner. Giving OWNER hands the room over: I am a moderator then. */
  setMemberRole?: Maybe<SetMemberRolePayload>;
  /** Only where the server runs without an identity provider (local development): a token for that person. Elsewhere FORBIDDEN. */
  signIn?: Maybe<SignInPayload>;
  /** Lets somebody come in again as others may; as the owner or a moderator. Who is not banned stays so. */
  unban?: Maybe<UnbanPayload>;
  /** Changes what others see of me. From then on it is mine: what a token says never overwrites it. */
  updateProfile?: Maybe<UpdateProfilePayload>;
  /** Changes a room; as its owner or a moderator. */
  updateRoom?: Maybe<UpdateRoomPayload>;
  /** Only with an admin token (claim `admin: true`), for an application's back end: creates or updates people by id, at most 1,000 a call; all of them or none. */
  upsertUsers?: Maybe<UpsertUsersPayload>;
};


export type MutationAddMembersArgs = {
  roomId: Scalars['ID']['input'];
  userIds: Array<Scalars['ID']['input']>;
};


export type MutationAnswerFriendRequestArgs = {
  accept: Scalars['Boolean']['input'];
  userId: Scalars['ID']['input'];
};


export type MutationCreateRoomArgs = {
  input: CreateRoomInput;
};


export type MutationDeleteMessageArgs = {
  messageId: Scalars['ID']['input'];
};


export type MutationDeleteRoomArgs = {
  roomId: Scalars['ID']['input'];
};


export type MutationDirectRoomArgs = {
  userId: Scalars['ID']['input'];
};


export type MutationEditMessageArgs = {
  contents: Scalars['String']['input'];
  messageId: Scalars['ID']['input'];
};


export type MutationJoinRoomArgs = {
  disconnect?: Scalars['Boolean']['input'];
  key?: InputMaybe<Scalars['String']['input']>;
  roomId: Scalars['ID']['input'];
};


export type MutationLeaveRoomArgs = {
  roomId: Scalars['ID']['input'];
};


export type MutationLeaveRoomsArgs = {
  roomIds: Array<Scalars['ID']['input']>;
};


export type MutationMarkReadArgs = {
  roomId: Scalars['ID']['input'];
  seq: Scalars['Int']['input'];
};


export type MutationReactArgs = {
  emoji: Scalars['String']['input'];
  messageId: Scalars['ID']['input'];
  on?: Scalars['Boolean']['input'];
};


export type MutationRemoveFriendArgs = {
  userId: Scalars['ID']['input'];
};


export type MutationRemoveMemberArgs = {
  ban?: Scalars['Boolean']['input'];
  roomId: Scalars['ID']['input'];
  userId: Scalars['ID']['input'];
};


export type MutationRequestFriendArgs = {
  userId: Scalars['ID']['input'];
};


export type MutationRotateRoomKeyArgs = {
  roomId: Scalars['ID']['input'];
};


export type MutationSendMessageArgs = {
  input: SendMessageInput;
};


export type MutationSetMemberRoleArgs = {
  role: RoomRole;
  roomId: Scalars['ID']['input'];
  userId: Scalars['ID']['input'];
};


export type MutationSignInArgs = {
  nickName?: InputMaybe<Scalars['String']['input']>;
  userId: Scalars['ID']['input'];
};


export type MutationUnbanArgs = {
  roomId: Scalars['ID']['input'];
  userId: Scalars['ID']['input'];
};


export type MutationUpdateProfileArgs = {
  input: ProfileInput;
};


export type MutationUpdateRoomArgs = {
  input: UpdateRoomInput;
};


export type MutationUpsertUsersArgs = {
  users: Array<UserInput>;
};

/** One item of `myEvents`. */
export type MyEvent = {
  __typename?: 'MyEvent';
  /** With EVENT: what happened in the room. */
  event?: Maybe<RoomEvent>;
  /** What the item is. */
  kind: MyEventKind;
  /** With ENDED: why. */
  reason?: Maybe<RoomEndReason>;
  /** The room of EVENT and ENDED. Null with READY. */
  roomId?: Maybe<Scalars['ID']['output']>;
};

/** What an item of `myEvents` is. */
export type MyEventKind =
  /** The room is no longer mine, or no more. Nothing of it follows unless I join again; then it begins with StreamOpened. */
  | 'ENDED'
  /** An event of a room, StreamOpened and Resync included. StreamOpened is the first item of each room. */
  | 'EVENT'
  /** Once: every room is open. Rooms that I join later are opened after it. */
  | 'READY';

/** One step for a chat list. The first item of every stream, also of one that a client library reopened by itself, is OPENED. */
export type MyRoomsChange = {
  __typename?: 'MyRoomsChange';
  /** What to do. */
  kind: MyRoomsChangeKind;
  /** The room as it is now. Given with CHANGED; null there only beside an error: read the room again. */
  room?: Maybe<Room>;
  /** The room it is about. Null only with OPENED. */
  roomId?: Maybe<Scalars['ID']['output']>;
};

/** What to do with a chat list. */
export type MyRoomsChangeKind =
  /** Put the room into the list, or its new state in its place. */
  | 'CHANGED'
  /** From here on nothing is missed: read myRooms now. */
  | 'OPENED'
  /** Take roomId out of the list. */
  | 'REMOVED';

/** Anything with a globally unique id that `node` can find again. */
export type Node = {
  /** Unique among everything that `node` finds. */
  id: Scalars['ID']['output'];
};

/** The OpenSea collection a room was made for. */
export type OpenseaCollection = {
  __typename?: 'OpenseaCollection';
  /** The address of its cover image; empty where there is none. */
  cover: Scalars['String']['output'];
  /** What the collection is called. */
  name: Scalars['String']['output'];
  /** Its name in OpenSea's addresses. */
  slug: Scalars['String']['output'];
};

/** The OpenSea collection a room is made for. */
export type OpenseaCollectionInput = {
  /** The address of its cover image, at most 2,000 characters. */
  cover?: InputMaybe<Scalars['String']['input']>;
  /** What the collection is called, at most 200 characters. */
  name: Scalars['String']['input'];
  /** Its name in OpenSea's addresses, 1 to 200 characters. */
  slug: Scalars['String']['input'];
};

/** The NFT that a message shows or a thread is about. */
export type OpenseaItem = {
  __typename?: 'OpenseaItem';
  /** The address of its contract. */
  contractAddress: Scalars['String']['output'];
  /** What it is. */
  description: Scalars['String']['output'];
  /** The address of its image. */
  imageUrl: Scalars['String']['output'];
  /** What it is called. */
  name: Scalars['String']['output'];
  /** Its number within the contract. */
  tokenId: Scalars['String']['output'];
};

/** The NFT that a message is to show. */
export type OpenseaItemInput = {
  /** The address of its contract, 1 to 200 characters. */
  contractAddress: Scalars['String']['input'];
  /** What it is, at most 2,000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** The address of its image, at most 2,000 characters. */
  imageUrl?: InputMaybe<Scalars['String']['input']>;
  /** What it is called, at most 200 characters. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** Its number within the contract, at most 200 characters. */
  tokenId?: InputMaybe<Scalars['String']['input']>;
};

/**
 * Where a page stands in its list. Lists are paged by cursor: give a page's `endCursor` as `after` to get what follows it.
 * A cursor is opaque, stays valid while the list changes, and belongs to the list it came from.
 */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The cursor of the page's last entry; null on an empty page. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether there is more after this page. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether there is more before this page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the page's first entry; null on an empty page. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

/** A field left out or null stays as it is; an empty string clears it. */
export type ProfileInput = {
  /** The users that may make the person a member of a room. */
  addPermission?: InputMaybe<AddPermission>;
  /** The address of a picture, at most 2,000 characters. */
  avatar?: InputMaybe<Scalars['String']['input']>;
  /** The person on Discord. */
  discord?: InputMaybe<SocialProfileInput>;
  /** At most 200 characters. */
  ensName?: InputMaybe<Scalars['String']['input']>;
  /** At most 200 characters. */
  ethWalletAddress?: InputMaybe<Scalars['String']['input']>;
  /** The person on Facebook. */
  facebook?: InputMaybe<SocialProfileInput>;
  /** The person on Instagram. */
  instagram?: InputMaybe<SocialProfileInput>;
  /** At most 200 characters. */
  nickName?: InputMaybe<Scalars['String']['input']>;
  /** The person on OpenSea. */
  opensea?: InputMaybe<SocialProfileInput>;
  /** Free text, at most 2,000 characters. */
  status?: InputMaybe<Scalars['String']['input']>;
  /** The person on Twitter. */
  twitter?: InputMaybe<SocialProfileInput>;
};

export type Query = {
  __typename?: 'Query';
  /** Requests that I have made and that were made to me, not answered yet, the newest first. At most 100 a page. */
  friendRequests: FriendRequestConnection;
  /** My friends, the newest first. At most 100 a page. */
  friends: FriendConnection;
  /** Who I am, by my token. */
  me: User;
  /** The ids of all rooms I am in, the latest active first. */
  myRoomIds: Array<Scalars['ID']['output']>;
  /** The rooms I am in, the latest active first: a chat list. At most 100 a page. */
  myRooms: RoomConnection;
  /** A person, a room or a message by its id; null where there is none that I may see. */
  node?: Maybe<Node>;
  /** A room that I may see; NOT_FOUND otherwise, whether or not it exists. */
  roomInfo?: Maybe<Room>;
  /** Rooms I could join, the newest first: public ones, and friends' ones; all words of `search` in name, description or tags; `tag` among the tags. Case does not matter. At most 100 a page. */
  rooms: RoomConnection;
  /** A person by id; null where there is none. */
  user?: Maybe<User>;
};


export type QueryFriendRequestsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryFriendsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryMyRoomsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


export type QueryRoomInfoArgs = {
  roomId: Scalars['ID']['input'];
};


export type QueryRoomsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
  tag?: InputMaybe<Scalars['String']['input']>;
};


export type QueryUserArgs = {
  id: Scalars['ID']['input'];
};

/** The outcome of `react`. */
export type ReactPayload = {
  __typename?: 'ReactPayload';
  /** The message as it is now. */
  message: Message;
};

/** How many people reacted to a message with an emoji. */
export type Reaction = {
  __typename?: 'Reaction';
  /** How many people. */
  count: Scalars['Int']['output'];
  /** As it was given. */
  emoji: Scalars['String']['output'];
};

/** A reaction to a message came or went. */
export type ReactionsChanged = RoomEvent & {
  __typename?: 'ReactionsChanged';
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** What they reacted with. */
  emoji: Scalars['String']['output'];
  /** The message as it is now, with all its reactions. */
  message: Message;
  /** Whether it came (true) or went. */
  on: Scalars['Boolean']['output'];
  /** The room as it is now. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log. */
  seq: Scalars['Int']['output'];
  /** Whose reaction it is. */
  user: User;
};

/** The outcome of `removeFriend`. */
export type RemoveFriendPayload = {
  __typename?: 'RemoveFriendPayload';
  /** Who is no friend of mine. */
  user: User;
};

/** The outcome of `removeMember`. */
export type RemoveMemberPayload = {
  __typename?: 'RemoveMemberPayload';
  /** The membership that has ended. Null where they were no member (a ban in advance). */
  memberId?: Maybe<Scalars['ID']['output']>;
  /** The room as it is now. */
  room: Room;
  /** Who was removed. */
  userId: Scalars['ID']['output'];
};

/** The outcome of `requestFriend`. */
export type RequestFriendPayload = {
  __typename?: 'RequestFriendPayload';
  /** Whom I asked. */
  user: User;
};

/** What came before this seq is no longer kept, or `after` is ahead of the room (a restored backup): read again, go on from here. Not in the log. */
export type Resync = RoomEvent & {
  __typename?: 'Resync';
  /** When it was found. */
  at: Scalars['Time']['output'];
  /** The room as it is now. */
  room: Room;
  /** The room that the stream follows. */
  roomId: Scalars['ID']['output'];
  /** Where the stream goes on: the next event is the one after it. */
  seq: Scalars['Int']['output'];
};

/** A chat room. */
export type Room = Node & {
  __typename?: 'Room';
  /** Who can see and join it. */
  accessType: RoomAccessType;
  /** Who is kept out of it, those banned longest first. Null unless I am its owner or a moderator. At most 100 a page. */
  bans?: Maybe<BanConnection>;
  /** When it was made. */
  createdAt: Scalars['Time']['output'];
  /** Who made it. They may have left since. */
  creator: User;
  /** What the room is about; may be empty. */
  description: Scalars['String']['output'];
  /** A person can be in one exclusive room at a time (a game lobby, a call); other rooms are not limited. */
  exclusive: Scalars['Boolean']['output'];
  /** Made by the server; a UUID. */
  id: Scalars['ID']['output'];
  /** True when and only when it has exactly two members. */
  is1v1: Scalars['Boolean']['output'];
  /** What a private room's joiners must give; null unless I am its owner or a moderator. */
  joinKey?: Maybe<Scalars['String']['output']>;
  /** The seq of the message I read last; 0 before the first. */
  lastReadSeq: Scalars['Int']['output'];
  /** Its newest message. Null for someone outside, and before the first. */
  latestMessage?: Maybe<Message>;
  /** The most members it may have; 0 is unlimited. */
  maxUsers: Scalars['Int']['output'];
  /** How many members it has. */
  memberCount: Scalars['Int']['output'];
  /** Who is in it, those longest in it first. At most 100 a page. */
  members: RoomMemberConnection;
  /**
   * Oldest first. Null, without an error, for someone outside. Neither first nor last: last 50. At most 100 a page. Both PageInfo flags are always right.
   * beforeSeq and afterSeq start from a known seq (the first unread, an answered message) where there is no cursor yet.
   * inThreads: whether messages that belong to a thread are among them.
   */
  messages?: Maybe<MessageConnection>;
  /** May be empty: then screens show the members' names. */
  name: Scalars['String']['output'];
  /** The OpenSea collection the room was made for; null for the others. */
  openseaCollection?: Maybe<OpenseaCollection>;
  /** Position of the newest event. Not a resume point once cached, since any operation moves it: resume from the last event applied, or the newest message held (0: none). */
  seq: Scalars['Int']['output'];
  /** In the order they were given. */
  tags: Array<Scalars['String']['output']>;
  /** Messages of others after lastReadSeq, threads and deleted ones included; those from before I joined are not. 0 outside. */
  unreadCount: Scalars['Int']['output'];
  /** When its newest message came, or it was made; nothing else moves it. My rooms are ordered by it. */
  updatedAt: Scalars['Time']['output'];
  /** My role in it; null for someone outside the room. */
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

/** Who can see and join a room. */
export type RoomAccessType =
  /** 2: friends of the owner can see it and join. */
  | 'FRIEND'
  /** 1: nobody outside can see it; joining takes the room's key. */
  | 'PRIVATE'
  /** 0: anyone can find it and join. */
  | 'PUBLIC';

/** A page of rooms. */
export type RoomConnection = {
  __typename?: 'RoomConnection';
  /** The rooms, each with its cursor. */
  edges: Array<RoomEdge>;
  /** The rooms alone. */
  nodes: Array<Room>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
};

/** The room was deleted: the last event of its log. The stream ends after it, with MEMBERSHIP_ENDED. */
export type RoomDeleted = RoomEvent & {
  __typename?: 'RoomDeleted';
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** What is left of the room: its name and description are empty, and it has no members. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log. */
  seq: Scalars['Int']['output'];
};

/** A room's place in the list. */
export type RoomEdge = {
  __typename?: 'RoomEdge';
  /** The entry's own position, for `after`. */
  cursor: Scalars['String']['output'];
  /** The room. */
  node: Room;
};

/** Why a room has ended in `myEvents`. */
export type RoomEndReason =
  /** My account was deleted. */
  | 'ACCOUNT_DELETED'
  /** I was removed and may not come back. */
  | 'BANNED'
  /** I went into another exclusive room. */
  | 'DISCONNECTED'
  /** I was removed. */
  | 'KICKED'
  /** I left. */
  | 'LEFT'
  /** I am not in the room, or there is no such room. */
  | 'NOT_FOUND'
  /** The room was deleted. Its last event is RoomDeleted. */
  | 'ROOM_DELETED';

/** One entry of a room's log. The seqs of a room's log have no holes: 41 is followed by 42. */
export type RoomEvent = {
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** The room as it is now. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log. */
  seq: Scalars['Int']['output'];
};

/** Someone's membership: its id stays while it lasts, so that a changed role reaches every list. */
export type RoomMember = {
  __typename?: 'RoomMember';
  /** The membership's own id; someone who leaves and joins again gets another. */
  id: Scalars['ID']['output'];
  /** When they joined. */
  joinedAt: Scalars['Time']['output'];
  /** What they may do. */
  role: RoomRole;
  /** The person. */
  user: User;
};

/** A page of a room's members. */
export type RoomMemberConnection = {
  __typename?: 'RoomMemberConnection';
  /** The people and their memberships. */
  edges: Array<RoomMemberEdge>;
  /** The people alone. */
  nodes: Array<User>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
  /** How many members the room has in all. */
  totalCount: Scalars['Int']['output'];
};

/** A member's place in the list. */
export type RoomMemberEdge = {
  __typename?: 'RoomMemberEdge';
  /** The entry's own position, for `after`. */
  cursor: Scalars['String']['output'];
  /** Their membership. */
  member: RoomMember;
  /** The person. */
  node: User;
};

/** A position in a room's log: the seq of the last event that the client has of the room. */
export type RoomPosition = {
  /** The room. */
  roomId: Scalars['ID']['input'];
  /** The seq of the last event; 0 for the beginning of the log. */
  seq: Scalars['Int']['input'];
};

/** What a member may do in a room. */
export type RoomRole =
  /** Reads and writes. */
  | 'MEMBER'
  /** Looks after members and messages. */
  | 'MODERATOR'
  /** May do everything; there is exactly one. */
  | 'OWNER';

/** Which newly created rooms to hear of. */
export type RoomScope =
  /** Rooms that I am a member of. */
  | 'MINE'
  /** Public rooms: a lobby. */
  | 'PUBLIC';

/** The room itself changed: its name, description, access type, size, tags or key. */
export type RoomUpdated = RoomEvent & {
  __typename?: 'RoomUpdated';
  /** When it happened. */
  at: Scalars['Time']['output'];
  /** The room as it is now. */
  room: Room;
  /** The room it happened in. */
  roomId: Scalars['ID']['output'];
  /** Its position in the room's log. */
  seq: Scalars['Int']['output'];
};

/** The outcome of `rotateRoomKey`. */
export type RotateRoomKeyPayload = {
  __typename?: 'RotateRoomKeyPayload';
  /** The room as it is now, with its new joinKey. */
  room: Room;
};

/** A message to send. */
export type SendMessageInput = {
  /** 1 to 16,000 characters; of a CARD a JSON document. */
  contents: Scalars['String']['input'];
  /** The same key from the same person in the same room returns the message first sent with it, for good. 1 to 200 characters; make it random. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Members it speaks to, at most 100. Someone named twice counts once. */
  mentionIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** The NFT it shows. */
  openseaItem?: InputMaybe<OpenseaItemInput>;
  /** A message of this room that this one answers. */
  replyToId?: InputMaybe<Scalars['ID']['input']>;
  /** A room that I am in. */
  roomId: Scalars['ID']['input'];
  /** A message of this room whose thread this one belongs to; not one that is in a thread itself. */
  threadId?: InputMaybe<Scalars['ID']['input']>;
  /** What the contents are. */
  type?: InputMaybe<MessageType>;
};

/** The outcome of `sendMessage`. */
export type SendMessagePayload = {
  __typename?: 'SendMessagePayload';
  /** The message sent. */
  message: Message;
};

/** The outcome of `setMemberRole`. */
export type SetMemberRolePayload = {
  __typename?: 'SetMemberRolePayload';
  /** The membership with its new role. */
  member: RoomMember;
  /** The room as it is now. */
  room: Room;
};

/** The outcome of `signIn`. */
export type SignInPayload = {
  __typename?: 'SignInPayload';
  /** When the token ends. */
  expiresAt: Scalars['Time']['output'];
  /** Send it as `Authorization: Bearer …`, over a WebSocket as `authorization` in connection_init's payload. */
  token: Scalars['String']['output'];
  /** Who the token is for. */
  user: User;
};

/** A person on another platform. Empty strings where nothing is known. */
export type SocialProfile = {
  __typename?: 'SocialProfile';
  /** The address of their picture there. */
  avatar: Scalars['String']['output'];
  /** Their name there. */
  username: Scalars['String']['output'];
};

/** A field left out or null stays as it is; an empty string clears it. */
export type SocialProfileInput = {
  /** The address of their picture there, at most 2,000 characters. */
  avatar?: InputMaybe<Scalars['String']['input']>;
  /** Their name there, at most 200 characters. */
  username?: InputMaybe<Scalars['String']['input']>;
};

/** First item of every roomEvents stream, also after a silent reconnect: history up to this seq follows, then live. Not in the log. */
export type StreamOpened = RoomEvent & {
  __typename?: 'StreamOpened';
  /** When the stream was opened. */
  at: Scalars['Time']['output'];
  /**
   * The newest messages as they were at this seq, oldest first, 1 to 50: with `room` a snapshot that the events after it complete.
   * The same for all members. `Room.messages(before: startCursor)` has the older ones.
   */
  messages: MessageConnection;
  /** The room as it was at this seq: the events after it complete it. The users it shows may be newer. */
  room: Room;
  /** The room that the stream follows. */
  roomId: Scalars['ID']['output'];
  /** The position of the room's newest event when the stream was opened. */
  seq: Scalars['Int']['output'];
};


/** First item of every roomEvents stream, also after a silent reconnect: history up to this seq follows, then live. Not in the log. */
export type StreamOpenedMessagesArgs = {
  last?: Scalars['Int']['input'];
};

export type Subscription = {
  __typename?: 'Subscription';
  /**
   * Each message added to a room I am in. With `after`, those since that seq come first; a reconnect with the same `after` repeats them (drop by seq), one without may miss some.
   * Ends with RESYNC where `after` is no longer kept or ahead, and with MEMBERSHIP_ENDED when I am no longer in the room.
   */
  messageAdded: Message;
  /**
   * Every event of every room that I am in: gap-free and in order within each room, without an order between rooms. A room continues after its position in `after`; a room without one begins at its newest event, so read it if its StreamOpened has a seq above 0. A room that I join later begins at my MemberJoined. Events up to the seq of a room's StreamOpened are history.
   * The first items open the rooms, then READY follows, then events. A room that ends for me ends with ENDED.
   * `after` and `rooms` name at most 1,000 rooms each, each room once. `rooms` restricts the stream, also for rooms that I join later. A room there or in `after` that is not mine is answered with ENDED.
   * A client library that reconnects by itself sends the same `after` again: drop what has a seq that is not above the last one of its room, except StreamOpened and Resync.
   */
  myEvents: MyEvent;
  /** One of my rooms has changed in my chat list (new, renamed, a message, read, left); at most one a room every 250 ms. */
  myRoomsChanged: MyRoomsChange;
  /** A room came into being: one that I am in from its start, or any public one. */
  roomCreated: Room;
  /**
   * Everything that happens in a room I am in, in order, from `after` on; without `after`, from now on.
   * Ends with MEMBERSHIP_ENDED when I am no longer in the room.
   */
  roomEvents: RoomEvent;
};


export type SubscriptionMessageAddedArgs = {
  after?: InputMaybe<Scalars['Int']['input']>;
  roomId: Scalars['ID']['input'];
};


export type SubscriptionMyEventsArgs = {
  after?: Array<RoomPosition>;
  rooms?: InputMaybe<Array<Scalars['ID']['input']>>;
};


export type SubscriptionRoomCreatedArgs = {
  scope?: RoomScope;
};


export type SubscriptionRoomEventsArgs = {
  after?: InputMaybe<Scalars['Int']['input']>;
  roomId: Scalars['ID']['input'];
};

/** The outcome of `unban`. */
export type UnbanPayload = {
  __typename?: 'UnbanPayload';
  /** The room as it is now. */
  room: Room;
  /** Who is banned no longer. */
  user: User;
};

/** The outcome of `updateProfile`. */
export type UpdateProfilePayload = {
  __typename?: 'UpdateProfilePayload';
  /** Me, as I am now. */
  user: User;
};

/** What is to be changed of a room. A field left out or null stays as it is. */
export type UpdateRoomInput = {
  /** Only its owner changes it, and nobody in a direct room. */
  accessType?: InputMaybe<RoomAccessType>;
  /** At most 2,000 characters; an empty string clears it. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** The most members it may have, not fewer than it has; 0 is unlimited. Not in a direct room. */
  maxUsers?: InputMaybe<Scalars['Int']['input']>;
  /** At most 200 characters; an empty string clears it. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** A room that I am the owner or a moderator of. */
  roomId: Scalars['ID']['input'];
  /** At most 20 of at most 50 characters, instead of those it has. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
};

/** The outcome of `updateRoom`. */
export type UpdateRoomPayload = {
  __typename?: 'UpdateRoomPayload';
  /** The room as it is now. */
  room: Room;
};

/** The outcome of `upsertUsers`. */
export type UpsertUsersPayload = {
  __typename?: 'UpsertUsersPayload';
  /** The people named, in the order given, each once. */
  users: Array<User>;
};

/** A person. The id is the application's own: the `sub` of the token. */
export type User = Node & {
  __typename?: 'User';
  /** The users that may make me a member of a room. Null unless the person is me. */
  addPermission?: Maybe<AddPermission>;
  /** The address of a picture; empty where there is none. */
  avatar: Scalars['String']['output'];
  /** When Parley first heard of the person. */
  createdAt: Scalars['Time']['output'];
  /** The person on Discord. */
  discord: SocialProfile;
  /** A name of the Ethereum Name Service, as given; empty where there is none. */
  ensName: Scalars['String']['output'];
  /** An Ethereum wallet address, as given; empty where there is none. */
  ethWalletAddress: Scalars['String']['output'];
  /** The person on Facebook. */
  facebook: SocialProfile;
  /** The `sub` of the person's token, 1 to 128 characters. */
  id: Scalars['ID']['output'];
  /** The person on Instagram. */
  instagram: SocialProfile;
  /** What the person is called; empty where nothing is known. */
  nickName: Scalars['String']['output'];
  /** The person on OpenSea. */
  opensea: SocialProfile;
  /** Free text that the person shows to others. */
  status: Scalars['String']['output'];
  /** The person on Twitter. */
  twitter: SocialProfile;
  /** What there is between this person and me. */
  viewerFriendship: Friendship;
};

/** A person to create or update, by id. */
export type UserInput = {
  /** The `sub` that the person's tokens carry, 1 to 128 characters. */
  id: Scalars['ID']['input'];
  /** What is known of them. */
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