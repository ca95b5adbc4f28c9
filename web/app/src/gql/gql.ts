/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  mutation SignIn($userId: ID!, $nickName: String) {\n    signIn(userId: $userId, nickName: $nickName) {\n      token\n      user {\n        id\n        nickName\n      }\n    }\n  }\n": typeof types.SignInDocument,
    "\n  query Me {\n    me {\n      id\n      nickName\n    }\n  }\n": typeof types.MeDocument,
    "\n  fragment RoomSummary on Room {\n    id\n    name\n    accessType\n    memberCount\n    updatedAt\n    unreadCount\n    members(first: 4) {\n      nodes {\n        id\n        nickName\n      }\n    }\n    latestMessage {\n      contents\n      deletedAt\n      from {\n        id\n        nickName\n      }\n    }\n  }\n": typeof types.RoomSummaryFragmentDoc,
    "\n  query MyRooms($after: String) {\n    myRooms(first: 100, after: $after) {\n      nodes {\n        ...RoomSummary\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.MyRoomsDocument,
    "\n  subscription MyRoomsChanged {\n    myRoomsChanged {\n      kind\n      roomId\n      room {\n        ...RoomSummary\n      }\n    }\n  }\n": typeof types.MyRoomsChangedDocument,
    "\n  subscription RoomCreated($scope: RoomScope!) {\n    roomCreated(scope: $scope) {\n      ...FoundRoom\n    }\n  }\n": typeof types.RoomCreatedDocument,
    "\n  fragment FoundRoom on Room {\n    id\n    name\n    description\n    accessType\n    memberCount\n    maxUsers\n    tags\n    creator {\n      id\n      nickName\n    }\n  }\n": typeof types.FoundRoomFragmentDoc,
    "\n  query FindRooms($search: String, $after: String) {\n    rooms(search: $search, first: 20, after: $after) {\n      nodes {\n        ...FoundRoom\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.FindRoomsDocument,
    "\n  mutation CreateRoom($input: CreateRoomInput!) {\n    createRoom(input: $input) {\n      room {\n        id\n      }\n    }\n  }\n": typeof types.CreateRoomDocument,
    "\n  mutation JoinRoom($roomId: ID!, $key: String) {\n    joinRoom(roomId: $roomId, key: $key) {\n      room {\n        id\n      }\n    }\n  }\n": typeof types.JoinRoomDocument,
    "\n  mutation LeaveRoom($roomId: ID!) {\n    leaveRoom(roomId: $roomId) {\n      roomId\n    }\n  }\n": typeof types.LeaveRoomDocument,
    "\n  mutation DeleteRoom($roomId: ID!) {\n    deleteRoom(roomId: $roomId) {\n      roomId\n    }\n  }\n": typeof types.DeleteRoomDocument,
    "\n  mutation AddMembers($roomId: ID!, $userIds: [ID!]!) {\n    addMembers(roomId: $roomId, userIds: $userIds) {\n      members {\n        id\n      }\n    }\n  }\n": typeof types.AddMembersDocument,
    "\n  mutation RotateRoomKey($roomId: ID!) {\n    rotateRoomKey(roomId: $roomId) {\n      room {\n        id\n        joinKey\n      }\n    }\n  }\n": typeof types.RotateRoomKeyDocument,
    "\n  fragment MessageParts on Message {\n    id\n    seq\n    from {\n      id\n      nickName\n    }\n    contents\n    createdAt\n    editedAt\n    deletedAt\n    idempotencyKey\n    isThread\n    replyCount\n    thread {\n      id\n    }\n    replyTo {\n      id\n      contents\n      deletedAt\n      from {\n        id\n        nickName\n      }\n    }\n    mentions {\n      id\n      nickName\n    }\n    reactions {\n      emoji\n      count\n    }\n  }\n": typeof types.MessagePartsFragmentDoc,
    "\n  fragment ReadMessage on Message {\n    ...MessageParts\n    viewerReactions\n  }\n": typeof types.ReadMessageFragmentDoc,
    "\n  fragment RoomDetails on Room {\n    ...FoundRoom\n    viewerRole\n    joinKey\n    members(first: 100) {\n      edges {\n        member {\n          id\n          role\n        }\n        node {\n          id\n          nickName\n        }\n      }\n    }\n  }\n": typeof types.RoomDetailsFragmentDoc,
    "\n  query Details($roomId: ID!) {\n    roomInfo(roomId: $roomId) {\n      ...RoomDetails\n    }\n  }\n": typeof types.DetailsDocument,
    "\n  query OpenRoom($roomId: ID!) {\n    roomInfo(roomId: $roomId) {\n      ...RoomDetails\n      seq\n      lastReadSeq\n      messages(last: 50, inThreads: false) {\n        nodes {\n          ...ReadMessage\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n": typeof types.OpenRoomDocument,
    "\n  query EarlierMessages($roomId: ID!, $beforeSeq: Int!) {\n    roomInfo(roomId: $roomId) {\n      messages(last: 50, beforeSeq: $beforeSeq, inThreads: false) {\n        nodes {\n          ...ReadMessage\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n": typeof types.EarlierMessagesDocument,
    "\n  query Thread($messageId: ID!, $before: String) {\n    node(id: $messageId) {\n      ... on Message {\n        ...ReadMessage\n        replies(last: 50, before: $before) {\n          nodes {\n            ...ReadMessage\n          }\n          pageInfo {\n            hasPreviousPage\n            startCursor\n          }\n        }\n      }\n    }\n  }\n": typeof types.ThreadDocument,
    "\n  subscription RoomEvents($roomId: ID!, $after: Int!) {\n    roomEvents(roomId: $roomId, after: $after) {\n      __typename\n      seq\n      ... on MessageAdded {\n        message {\n          ...MessageParts\n          thread {\n            replyCount\n            isThread\n          }\n        }\n      }\n      ... on MessageEdited {\n        message {\n          ...MessageParts\n        }\n      }\n      ... on MessageDeleted {\n        message {\n          ...MessageParts\n        }\n      }\n      ... on ReactionsChanged {\n        message {\n          ...MessageParts\n        }\n        user {\n          id\n        }\n        emoji\n        on\n      }\n      ... on MemberJoined {\n        user {\n          id\n          nickName\n        }\n      }\n      ... on MemberLeft {\n        user {\n          id\n          nickName\n        }\n      }\n    }\n  }\n": typeof types.RoomEventsDocument,
    "\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n": typeof types.SendMessageDocument,
    "\n  mutation EditMessage($messageId: ID!, $contents: String!) {\n    editMessage(messageId: $messageId, contents: $contents) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n": typeof types.EditMessageDocument,
    "\n  mutation DeleteMessage($messageId: ID!) {\n    deleteMessage(messageId: $messageId) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n": typeof types.DeleteMessageDocument,
    "\n  mutation React($messageId: ID!, $emoji: String!, $on: Boolean!) {\n    react(messageId: $messageId, emoji: $emoji, on: $on) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n": typeof types.ReactDocument,
    "\n  mutation MarkRead($roomId: ID!, $seq: Int!) {\n    markRead(roomId: $roomId, seq: $seq) {\n      room {\n        id\n        unreadCount\n      }\n    }\n  }\n": typeof types.MarkReadDocument,
};
const documents: Documents = {
    "\n  mutation SignIn($userId: ID!, $nickName: String) {\n    signIn(userId: $userId, nickName: $nickName) {\n      token\n      user {\n        id\n        nickName\n      }\n    }\n  }\n": types.SignInDocument,
    "\n  query Me {\n    me {\n      id\n      nickName\n    }\n  }\n": types.MeDocument,
    "\n  fragment RoomSummary on Room {\n    id\n    name\n    accessType\n    memberCount\n    updatedAt\n    unreadCount\n    members(first: 4) {\n      nodes {\n        id\n        nickName\n      }\n    }\n    latestMessage {\n      contents\n      deletedAt\n      from {\n        id\n        nickName\n      }\n    }\n  }\n": types.RoomSummaryFragmentDoc,
    "\n  query MyRooms($after: String) {\n    myRooms(first: 100, after: $after) {\n      nodes {\n        ...RoomSummary\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.MyRoomsDocument,
    "\n  subscription MyRoomsChanged {\n    myRoomsChanged {\n      kind\n      roomId\n      room {\n        ...RoomSummary\n      }\n    }\n  }\n": types.MyRoomsChangedDocument,
    "\n  subscription RoomCreated($scope: RoomScope!) {\n    roomCreated(scope: $scope) {\n      ...FoundRoom\n    }\n  }\n": types.RoomCreatedDocument,
    "\n  fragment FoundRoom on Room {\n    id\n    name\n    description\n    accessType\n    memberCount\n    maxUsers\n    tags\n    creator {\n      id\n      nickName\n    }\n  }\n": types.FoundRoomFragmentDoc,
    "\n  query FindRooms($search: String, $after: String) {\n    rooms(search: $search, first: 20, after: $after) {\n      nodes {\n        ...FoundRoom\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.FindRoomsDocument,
    "\n  mutation CreateRoom($input: CreateRoomInput!) {\n    createRoom(input: $input) {\n      room {\n        id\n      }\n    }\n  }\n": types.CreateRoomDocument,
    "\n  mutation JoinRoom($roomId: ID!, $key: String) {\n    joinRoom(roomId: $roomId, key: $key) {\n      room {\n        id\n      }\n    }\n  }\n": types.JoinRoomDocument,
    "\n  mutation LeaveRoom($roomId: ID!) {\n    leaveRoom(roomId: $roomId) {\n      roomId\n    }\n  }\n": types.LeaveRoomDocument,
    "\n  mutation DeleteRoom($roomId: ID!) {\n    deleteRoom(roomId: $roomId) {\n      roomId\n    }\n  }\n": types.DeleteRoomDocument,
    "\n  mutation AddMembers($roomId: ID!, $userIds: [ID!]!) {\n    addMembers(roomId: $roomId, userIds: $userIds) {\n      members {\n        id\n      }\n    }\n  }\n": types.AddMembersDocument,
    "\n  mutation RotateRoomKey($roomId: ID!) {\n    rotateRoomKey(roomId: $roomId) {\n      room {\n        id\n        joinKey\n      }\n    }\n  }\n": types.RotateRoomKeyDocument,
    "\n  fragment MessageParts on Message {\n    id\n    seq\n    from {\n      id\n      nickName\n    }\n    contents\n    createdAt\n    editedAt\n    deletedAt\n    idempotencyKey\n    isThread\n    replyCount\n    thread {\n      id\n    }\n    replyTo {\n      id\n      contents\n      deletedAt\n      from {\n        id\n        nickName\n      }\n    }\n    mentions {\n      id\n      nickName\n    }\n    reactions {\n      emoji\n      count\n    }\n  }\n": types.MessagePartsFragmentDoc,
    "\n  fragment ReadMessage on Message {\n    ...MessageParts\n    viewerReactions\n  }\n": types.ReadMessageFragmentDoc,
    "\n  fragment RoomDetails on Room {\n    ...FoundRoom\n    viewerRole\n    joinKey\n    members(first: 100) {\n      edges {\n        member {\n          id\n          role\n        }\n        node {\n          id\n          nickName\n        }\n      }\n    }\n  }\n": types.RoomDetailsFragmentDoc,
    "\n  query Details($roomId: ID!) {\n    roomInfo(roomId: $roomId) {\n      ...RoomDetails\n    }\n  }\n": types.DetailsDocument,
    "\n  query OpenRoom($roomId: ID!) {\n    roomInfo(roomId: $roomId) {\n      ...RoomDetails\n      seq\n      lastReadSeq\n      messages(last: 50, inThreads: false) {\n        nodes {\n          ...ReadMessage\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n": types.OpenRoomDocument,
    "\n  query EarlierMessages($roomId: ID!, $beforeSeq: Int!) {\n    roomInfo(roomId: $roomId) {\n      messages(last: 50, beforeSeq: $beforeSeq, inThreads: false) {\n        nodes {\n          ...ReadMessage\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n": types.EarlierMessagesDocument,
    "\n  query Thread($messageId: ID!, $before: String) {\n    node(id: $messageId) {\n      ... on Message {\n        ...ReadMessage\n        replies(last: 50, before: $before) {\n          nodes {\n            ...ReadMessage\n          }\n          pageInfo {\n            hasPreviousPage\n            startCursor\n          }\n        }\n      }\n    }\n  }\n": types.ThreadDocument,
    "\n  subscription RoomEvents($roomId: ID!, $after: Int!) {\n    roomEvents(roomId: $roomId, after: $after) {\n      __typename\n      seq\n      ... on MessageAdded {\n        message {\n          ...MessageParts\n          thread {\n            replyCount\n            isThread\n          }\n        }\n      }\n      ... on MessageEdited {\n        message {\n          ...MessageParts\n        }\n      }\n      ... on MessageDeleted {\n        message {\n          ...MessageParts\n        }\n      }\n      ... on ReactionsChanged {\n        message {\n          ...MessageParts\n        }\n        user {\n          id\n        }\n        emoji\n        on\n      }\n      ... on MemberJoined {\n        user {\n          id\n          nickName\n        }\n      }\n      ... on MemberLeft {\n        user {\n          id\n          nickName\n        }\n      }\n    }\n  }\n": types.RoomEventsDocument,
    "\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n": types.SendMessageDocument,
    "\n  mutation EditMessage($messageId: ID!, $contents: String!) {\n    editMessage(messageId: $messageId, contents: $contents) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n": types.EditMessageDocument,
    "\n  mutation DeleteMessage($messageId: ID!) {\n    deleteMessage(messageId: $messageId) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n": types.DeleteMessageDocument,
    "\n  mutation React($messageId: ID!, $emoji: String!, $on: Boolean!) {\n    react(messageId: $messageId, emoji: $emoji, on: $on) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n": types.ReactDocument,
    "\n  mutation MarkRead($roomId: ID!, $seq: Int!) {\n    markRead(roomId: $roomId, seq: $seq) {\n      room {\n        id\n        unreadCount\n      }\n    }\n  }\n": types.MarkReadDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SignIn($userId: ID!, $nickName: String) {\n    signIn(userId: $userId, nickName: $nickName) {\n      token\n      user {\n        id\n        nickName\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation SignIn($userId: ID!, $nickName: String) {\n    signIn(userId: $userId, nickName: $nickName) {\n      token\n      user {\n        id\n        nickName\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Me {\n    me {\n      id\n      nickName\n    }\n  }\n"): (typeof documents)["\n  query Me {\n    me {\n      id\n      nickName\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment RoomSummary on Room {\n    id\n    name\n    accessType\n    memberCount\n    updatedAt\n    unreadCount\n    members(first: 4) {\n      nodes {\n        id\n        nickName\n      }\n    }\n    latestMessage {\n      contents\n      deletedAt\n      from {\n        id\n        nickName\n      }\n    }\n  }\n"): (typeof documents)["\n  fragment RoomSummary on Room {\n    id\n    name\n    accessType\n    memberCount\n    updatedAt\n    unreadCount\n    members(first: 4) {\n      nodes {\n        id\n        nickName\n      }\n    }\n    latestMessage {\n      contents\n      deletedAt\n      from {\n        id\n        nickName\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MyRooms($after: String) {\n    myRooms(first: 100, after: $after) {\n      nodes {\n        ...RoomSummary\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query MyRooms($after: String) {\n    myRooms(first: 100, after: $after) {\n      nodes {\n        ...RoomSummary\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription MyRoomsChanged {\n    myRoomsChanged {\n      kind\n      roomId\n      room {\n        ...RoomSummary\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription MyRoomsChanged {\n    myRoomsChanged {\n      kind\n      roomId\n      room {\n        ...RoomSummary\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription RoomCreated($scope: RoomScope!) {\n    roomCreated(scope: $scope) {\n      ...FoundRoom\n    }\n  }\n"): (typeof documents)["\n  subscription RoomCreated($scope: RoomScope!) {\n    roomCreated(scope: $scope) {\n      ...FoundRoom\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment FoundRoom on Room {\n    id\n    name\n    description\n    accessType\n    memberCount\n    maxUsers\n    tags\n    creator {\n      id\n      nickName\n    }\n  }\n"): (typeof documents)["\n  fragment FoundRoom on Room {\n    id\n    name\n    description\n    accessType\n    memberCount\n    maxUsers\n    tags\n    creator {\n      id\n      nickName\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FindRooms($search: String, $after: String) {\n    rooms(search: $search, first: 20, after: $after) {\n      nodes {\n        ...FoundRoom\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query FindRooms($search: String, $after: String) {\n    rooms(search: $search, first: 20, after: $after) {\n      nodes {\n        ...FoundRoom\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateRoom($input: CreateRoomInput!) {\n    createRoom(input: $input) {\n      room {\n        id\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation CreateRoom($input: CreateRoomInput!) {\n    createRoom(input: $input) {\n      room {\n        id\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation JoinRoom($roomId: ID!, $key: String) {\n    joinRoom(roomId: $roomId, key: $key) {\n      room {\n        id\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation JoinRoom($roomId: ID!, $key: String) {\n    joinRoom(roomId: $roomId, key: $key) {\n      room {\n        id\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation LeaveRoom($roomId: ID!) {\n    leaveRoom(roomId: $roomId) {\n      roomId\n    }\n  }\n"): (typeof documents)["\n  mutation LeaveRoom($roomId: ID!) {\n    leaveRoom(roomId: $roomId) {\n      roomId\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteRoom($roomId: ID!) {\n    deleteRoom(roomId: $roomId) {\n      roomId\n    }\n  }\n"): (typeof documents)["\n  mutation DeleteRoom($roomId: ID!) {\n    deleteRoom(roomId: $roomId) {\n      roomId\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AddMembers($roomId: ID!, $userIds: [ID!]!) {\n    addMembers(roomId: $roomId, userIds: $userIds) {\n      members {\n        id\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation AddMembers($roomId: ID!, $userIds: [ID!]!) {\n    addMembers(roomId: $roomId, userIds: $userIds) {\n      members {\n        id\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RotateRoomKey($roomId: ID!) {\n    rotateRoomKey(roomId: $roomId) {\n      room {\n        id\n        joinKey\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation RotateRoomKey($roomId: ID!) {\n    rotateRoomKey(roomId: $roomId) {\n      room {\n        id\n        joinKey\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment MessageParts on Message {\n    id\n    seq\n    from {\n      id\n      nickName\n    }\n    contents\n    createdAt\n    editedAt\n    deletedAt\n    idempotencyKey\n    isThread\n    replyCount\n    thread {\n      id\n    }\n    replyTo {\n      id\n      contents\n      deletedAt\n      from {\n        id\n        nickName\n      }\n    }\n    mentions {\n      id\n      nickName\n    }\n    reactions {\n      emoji\n      count\n    }\n  }\n"): (typeof documents)["\n  fragment MessageParts on Message {\n    id\n    seq\n    from {\n      id\n      nickName\n    }\n    contents\n    createdAt\n    editedAt\n    deletedAt\n    idempotencyKey\n    isThread\n    replyCount\n    thread {\n      id\n    }\n    replyTo {\n      id\n      contents\n      deletedAt\n      from {\n        id\n        nickName\n      }\n    }\n    mentions {\n      id\n      nickName\n    }\n    reactions {\n      emoji\n      count\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ReadMessage on Message {\n    ...MessageParts\n    viewerReactions\n  }\n"): (typeof documents)["\n  fragment ReadMessage on Message {\n    ...MessageParts\n    viewerReactions\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment RoomDetails on Room {\n    ...FoundRoom\n    viewerRole\n    joinKey\n    members(first: 100) {\n      edges {\n        member {\n          id\n          role\n        }\n        node {\n          id\n          nickName\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  fragment RoomDetails on Room {\n    ...FoundRoom\n    viewerRole\n    joinKey\n    members(first: 100) {\n      edges {\n        member {\n          id\n          role\n        }\n        node {\n          id\n          nickName\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Details($roomId: ID!) {\n    roomInfo(roomId: $roomId) {\n      ...RoomDetails\n    }\n  }\n"): (typeof documents)["\n  query Details($roomId: ID!) {\n    roomInfo(roomId: $roomId) {\n      ...RoomDetails\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OpenRoom($roomId: ID!) {\n    roomInfo(roomId: $roomId) {\n      ...RoomDetails\n      seq\n      lastReadSeq\n      messages(last: 50, inThreads: false) {\n        nodes {\n          ...ReadMessage\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query OpenRoom($roomId: ID!) {\n    roomInfo(roomId: $roomId) {\n      ...RoomDetails\n      seq\n      lastReadSeq\n      messages(last: 50, inThreads: false) {\n        nodes {\n          ...ReadMessage\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EarlierMessages($roomId: ID!, $beforeSeq: Int!) {\n    roomInfo(roomId: $roomId) {\n      messages(last: 50, beforeSeq: $beforeSeq, inThreads: false) {\n        nodes {\n          ...ReadMessage\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query EarlierMessages($roomId: ID!, $beforeSeq: Int!) {\n    roomInfo(roomId: $roomId) {\n      messages(last: 50, beforeSeq: $beforeSeq, inThreads: false) {\n        nodes {\n          ...ReadMessage\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Thread($messageId: ID!, $before: String) {\n    node(id: $messageId) {\n      ... on Message {\n        ...ReadMessage\n        replies(last: 50, before: $before) {\n          nodes {\n            ...ReadMessage\n          }\n          pageInfo {\n            hasPreviousPage\n            startCursor\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Thread($messageId: ID!, $before: String) {\n    node(id: $messageId) {\n      ... on Message {\n        ...ReadMessage\n        replies(last: 50, before: $before) {\n          nodes {\n            ...ReadMessage\n          }\n          pageInfo {\n            hasPreviousPage\n            startCursor\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription RoomEvents($roomId: ID!, $after: Int!) {\n    roomEvents(roomId: $roomId, after: $after) {\n      __typename\n      seq\n      ... on MessageAdded {\n        message {\n          ...MessageParts\n          thread {\n            replyCount\n            isThread\n          }\n        }\n      }\n      ... on MessageEdited {\n        message {\n          ...MessageParts\n        }\n      }\n      ... on MessageDeleted {\n        message {\n          ...MessageParts\n        }\n      }\n      ... on ReactionsChanged {\n        message {\n          ...MessageParts\n        }\n        user {\n          id\n        }\n        emoji\n        on\n      }\n      ... on MemberJoined {\n        user {\n          id\n          nickName\n        }\n      }\n      ... on MemberLeft {\n        user {\n          id\n          nickName\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription RoomEvents($roomId: ID!, $after: Int!) {\n    roomEvents(roomId: $roomId, after: $after) {\n      __typename\n      seq\n      ... on MessageAdded {\n        message {\n          ...MessageParts\n          thread {\n            replyCount\n            isThread\n          }\n        }\n      }\n      ... on MessageEdited {\n        message {\n          ...MessageParts\n        }\n      }\n      ... on MessageDeleted {\n        message {\n          ...MessageParts\n        }\n      }\n      ... on ReactionsChanged {\n        message {\n          ...MessageParts\n        }\n        user {\n          id\n        }\n        emoji\n        on\n      }\n      ... on MemberJoined {\n        user {\n          id\n          nickName\n        }\n      }\n      ... on MemberLeft {\n        user {\n          id\n          nickName\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation EditMessage($messageId: ID!, $contents: String!) {\n    editMessage(messageId: $messageId, contents: $contents) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation EditMessage($messageId: ID!, $contents: String!) {\n    editMessage(messageId: $messageId, contents: $contents) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteMessage($messageId: ID!) {\n    deleteMessage(messageId: $messageId) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation DeleteMessage($messageId: ID!) {\n    deleteMessage(messageId: $messageId) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation React($messageId: ID!, $emoji: String!, $on: Boolean!) {\n    react(messageId: $messageId, emoji: $emoji, on: $on) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation React($messageId: ID!, $emoji: String!, $on: Boolean!) {\n    react(messageId: $messageId, emoji: $emoji, on: $on) {\n      message {\n        ...ReadMessage\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MarkRead($roomId: ID!, $seq: Int!) {\n    markRead(roomId: $roomId, seq: $seq) {\n      room {\n        id\n        unreadCount\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation MarkRead($roomId: ID!, $seq: Int!) {\n    markRead(roomId: $roomId, seq: $seq) {\n      room {\n        id\n        unreadCount\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;