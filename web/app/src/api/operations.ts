import { graphql } from '../gql';

// Users.

export const SignIn = graphql(`
  mutation SignIn($userId: ID!, $nickName: String) {
    signIn(userId: $userId, nickName: $nickName) {
      token
      user {
        id
        nickName
      }
    }
  }
`);

export const Me = graphql(`
  query Me {
    me {
      id
      nickName
    }
  }
`);

// The list of rooms.

export const RoomSummary = graphql(`
  fragment RoomSummary on Room {
    id
    name
    accessType
    memberCount
    updatedAt
    unreadCount
    members(first: 4) {
      nodes {
        id
        nickName
      }
    }
    latestMessage {
      contents
      deletedAt
      from {
        id
        nickName
      }
    }
  }
`);

export const MyRooms = graphql(`
  query MyRooms($after: String) {
    myRooms(first: 100, after: $after) {
      nodes {
        ...RoomSummary
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const MyRoomsChanged = graphql(`
  subscription MyRoomsChanged {
    myRoomsChanged {
      kind
      roomId
      room {
        ...RoomSummary
      }
    }
  }
`);

export const RoomCreated = graphql(`
  subscription RoomCreated($scope: RoomScope!) {
    roomCreated(scope: $scope) {
      ...FoundRoom
    }
  }
`);

// Finding, creating, joining and leaving rooms.

export const FoundRoom = graphql(`
  fragment FoundRoom on Room {
    id
    name
    description
    accessType
    memberCount
    maxUsers
    tags
    creator {
      id
      nickName
    }
  }
`);

export const FindRooms = graphql(`
  query FindRooms($search: String, $after: String) {
    rooms(search: $search, first: 20, after: $after) {
      nodes {
        ...FoundRoom
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const CreateRoom = graphql(`
  mutation CreateRoom($input: CreateRoomInput!) {
    createRoom(input: $input) {
      room {
        id
      }
    }
  }
`);

export const JoinRoom = graphql(`
  mutation JoinRoom($roomId: ID!, $key: String) {
    joinRoom(roomId: $roomId, key: $key) {
      room {
        id
      }
    }
  }
`);

export const LeaveRoom = graphql(`
  mutation LeaveRoom($roomId: ID!) {
    leaveRoom(roomId: $roomId) {
      roomId
    }
  }
`);

export const DeleteRoom = graphql(`
  mutation DeleteRoom($roomId: ID!) {
    deleteRoom(roomId: $roomId) {
      roomId
    }
  }
`);

export const AddMembers = graphql(`
  mutation AddMembers($roomId: ID!, $userIds: [ID!]!) {
    addMembers(roomId: $roomId, userIds: $userIds) {
      members {
        id
      }
    }
  }
`);

export const RotateRoomKey = graphql(`
  mutation RotateRoomKey($roomId: ID!) {
    rotateRoomKey(roomId: $roomId) {
      room {
        id
        joinKey
      }
    }
  }
`);

// One room. Only queries select fields that depend on the viewer. So events are the same for all members, and the server
// renders each event once.

export const MessageParts = graphql(`
  fragment MessageParts on Message {
    id
    seq
    from {
      id
      nickName
    }
    contents
    createdAt
    editedAt
    deletedAt
    idempotencyKey
    isThread
    replyCount
    thread {
      id
    }
    replyTo {
      id
      contents
      deletedAt
      from {
        id
        nickName
      }
    }
    mentions {
      id
      nickName
    }
    reactions {
      emoji
      count
    }
  }
`);

export const ReadMessage = graphql(`
  fragment ReadMessage on Message {
    ...MessageParts
    viewerReactions
  }
`);

export const RoomDetails = graphql(`
  fragment RoomDetails on Room {
    ...FoundRoom
    viewerRole
    joinKey
    members(first: 100) {
      edges {
        member {
          id
          role
        }
        node {
          id
          nickName
        }
      }
    }
  }
`);

export const Details = graphql(`
  query Details($roomId: ID!) {
    roomInfo(roomId: $roomId) {
      ...RoomDetails
    }
  }
`);

/** The current state of a room: its messages are complete up to `seq`, and RoomEvents has the events after it. */
export const OpenRoom = graphql(`
  query OpenRoom($roomId: ID!) {
    roomInfo(roomId: $roomId) {
      ...RoomDetails
      seq
      lastReadSeq
      messages(last: 50, inThreads: false) {
        nodes {
          ...ReadMessage
        }
        pageInfo {
          hasPreviousPage
        }
      }
    }
  }
`);

export const EarlierMessages = graphql(`
  query EarlierMessages($roomId: ID!, $beforeSeq: Int!) {
    roomInfo(roomId: $roomId) {
      messages(last: 50, beforeSeq: $beforeSeq, inThreads: false) {
        nodes {
          ...ReadMessage
        }
        pageInfo {
          hasPreviousPage
        }
      }
    }
  }
`);

export const Thread = graphql(`
  query Thread($messageId: ID!, $before: String) {
    node(id: $messageId) {
      ... on Message {
        ...ReadMessage
        replies(last: 50, before: $before) {
          nodes {
            ...ReadMessage
          }
          pageInfo {
            hasPreviousPage
            startCursor
          }
        }
      }
    }
  }
`);

export const RoomEvents = graphql(`
  subscription RoomEvents($roomId: ID!, $after: Int!) {
    roomEvents(roomId: $roomId, after: $after) {
      __typename
      seq
      ... on MessageAdded {
        message {
          ...MessageParts
          thread {
            replyCount
            isThread
          }
        }
      }
      ... on MessageEdited {
        message {
          ...MessageParts
        }
      }
      ... on MessageDeleted {
        message {
          ...MessageParts
        }
      }
      ... on ReactionsChanged {
        message {
          ...MessageParts
        }
        user {
          id
        }
        emoji
        on
      }
      ... on MemberJoined {
        user {
          id
          nickName
        }
      }
      ... on MemberLeft {
        user {
          id
          nickName
        }
      }
    }
  }
`);

// Messages.

export const SendMessage = graphql(`
  mutation SendMessage($input: SendMessageInput!) {
    sendMessage(input: $input) {
      message {
        ...ReadMessage
      }
    }
  }
`);

export const EditMessage = graphql(`
  mutation EditMessage($messageId: ID!, $contents: String!) {
    editMessage(messageId: $messageId, contents: $contents) {
      message {
        ...ReadMessage
      }
    }
  }
`);

export const DeleteMessage = graphql(`
  mutation DeleteMessage($messageId: ID!) {
    deleteMessage(messageId: $messageId) {
      message {
        ...ReadMessage
      }
    }
  }
`);

export const React = graphql(`
  mutation React($messageId: ID!, $emoji: String!, $on: Boolean!) {
    react(messageId: $messageId, emoji: $emoji, on: $on) {
      message {
        ...ReadMessage
      }
    }
  }
`);

export const MarkRead = graphql(`
  mutation MarkRead($roomId: ID!, $seq: Int!) {
    markRead(roomId: $roomId, seq: $seq) {
      room {
        id
        unreadCount
      }
    }
  }
`);
