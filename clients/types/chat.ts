// What graphql-codegen makes types of; the compiler then finds what does not fit the schema.
import { graphql } from './gql/index.js';

export const rooms = graphql(`
  query ChatList($after: String) {
    myRooms(first: 20, after: $after) {
      nodes { id name accessType unreadCount updatedAt latestMessage { id contents from { id nickName } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const events = graphql(`
  subscription RoomEvents($roomId: ID!, $after: Int) {
    roomEvents(roomId: $roomId, after: $after) {
      __typename
      seq
      ... on MessageAdded { message { id seq contents from { id nickName } } }
      ... on MemberLeft { user { id } reason }
    }
  }
`);
