// Everything the app asks the server.
import { graphql } from './gql';

export const signIn = graphql(`mutation SignIn($userId: ID!, $nickName: String) { signIn(userId: $userId, nickName: $nickName) { token user { id nickName } } }`);

export const me = graphql(`query Me { me { id nickName } }`);

graphql(`fragment PersonParts on User { id nickName }`);

graphql(`
  fragment ListedRoom on Room {
    id name accessType memberCount unreadCount updatedAt
    members(first: 5) { nodes { ...PersonParts } }
    latestMessage { id seq contents deletedAt from { ...PersonParts } }
  }
`);

graphql(`
  fragment MessageParts on Message {
    id seq contents createdAt editedAt deletedAt replyCount idempotencyKey
    from { ...PersonParts }
    replyTo { id seq contents deletedAt from { ...PersonParts } }
    thread { id }
    mentions { ...PersonParts }
    reactions { emoji count }
  }
`);

export const myRooms = graphql(`query MyRooms($after: String) { myRooms(first: 50, after: $after) { nodes { ...ListedRoom } pageInfo { hasNextPage endCursor } } }`);

export const myRoomsChanged = graphql(`subscription MyRoomsChanged { myRoomsChanged { kind roomId room { ...ListedRoom } } }`);

export const room = graphql(`
  query Room($roomId: ID!) {
    roomInfo(roomId: $roomId) {
      id name description accessType memberCount maxUsers seq viewerRole joinKey lastReadSeq
      members(first: 100) { nodes { ...PersonParts } }
      messages(last: 50) { nodes { ...MessageParts viewerReactions } pageInfo { hasPreviousPage startCursor } }
    }
  }
`);

export const earlier = graphql(`
  query Earlier($roomId: ID!, $before: String!) {
    roomInfo(roomId: $roomId) {
      id
      messages(last: 50, before: $before) { nodes { ...MessageParts viewerReactions } pageInfo { hasPreviousPage startCursor } }
    }
  }
`);

export const thread = graphql(`
  query Thread($id: ID!) {
    node(id: $id) { id ... on Message { ...MessageParts viewerReactions replies(last: 100) { nodes { ...MessageParts viewerReactions } } } }
  }
`);

export const roomEvents = graphql(`
  subscription RoomEvents($roomId: ID!, $after: Int) {
    roomEvents(roomId: $roomId, after: $after) {
      __typename seq
      ... on MessageAdded { message { ...MessageParts } }
      ... on MessageEdited { message { ...MessageParts } }
      ... on MessageDeleted { message { ...MessageParts } }
      ... on ReactionsChanged { message { ...MessageParts } user { id } emoji on }
      ... on MemberJoined { user { ...PersonParts } }
      ... on MemberLeft { user { ...PersonParts } reason }
    }
  }
`);

export const discover = graphql(`
  query Discover($search: String) { rooms(first: 50, search: $search) { nodes { id name description accessType memberCount maxUsers viewerRole tags } } }
`);

export const sendMessage = graphql(`mutation SendMessage($input: SendMessageInput!) { sendMessage(input: $input) { message { ...MessageParts } } }`);
export const editMessage = graphql(`mutation EditMessage($messageId: ID!, $contents: String!) { editMessage(messageId: $messageId, contents: $contents) { message { ...MessageParts } } }`);
export const deleteMessage = graphql(`mutation DeleteMessage($messageId: ID!) { deleteMessage(messageId: $messageId) { message { ...MessageParts } } }`);
export const react = graphql(`mutation React($messageId: ID!, $emoji: String!, $on: Boolean!) { react(messageId: $messageId, emoji: $emoji, on: $on) { message { ...MessageParts viewerReactions } } }`);
export const markRead = graphql(`mutation MarkRead($roomId: ID!, $seq: Int!) { markRead(roomId: $roomId, seq: $seq) { room { id unreadCount lastReadSeq } } }`);
export const createRoom = graphql(`mutation CreateRoom($input: CreateRoomInput!) { createRoom(input: $input) { room { id } } }`);
export const joinRoom = graphql(`mutation JoinRoom($roomId: ID!, $key: String) { joinRoom(roomId: $roomId, key: $key) { room { id } } }`);
export const leaveRoom = graphql(`mutation LeaveRoom($roomId: ID!) { leaveRoom(roomId: $roomId) { roomId } }`);
