export interface Example {
  title: string;
  query: string;
  variables?: (known: Known) => unknown;
}

/** The values for an example's variables. */
export interface Known {
  /** The ids of the users of other tabs. */
  others: string[];
  /** The id of the user's most recently active room; empty if there is none. */
  roomId: string;
}

const createRoom = /* GraphQL */ `# Creates a room with the members in memberIds.
# Users exist on the server once they have
# signed in.
mutation CreateRoom(
  $name: String!
  $memberIds: [ID!]!
) {
  createRoom(
    input: { name: $name, memberIds: $memberIds }
  ) {
    room {
      id
      name
      accessType
      members {
        nodes {
          id
          nickName
        }
      }
      joinKey
    }
  }
}
`;

const myRooms = /* GraphQL */ `# My rooms, most recently active first.
query MyRooms {
  myRooms(first: 20) {
    nodes {
      id
      name
      updatedAt
      viewerRole
      memberCount
      members(first: 10) {
        nodes {
          id
          nickName
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const roomInfo = /* GraphQL */ `# One room. Put its id into the variables;
# MyRooms lists my rooms.
query RoomInfo($roomId: ID!) {
  roomInfo(roomId: $roomId) {
    id
    name
    description
    accessType
    maxUsers
    tags
    is1v1
    creator {
      id
      nickName
    }
    members {
      totalCount
      edges {
        member {
          role
          joinedAt
        }
        node {
          id
          nickName
        }
      }
    }
    createdAt
  }
}
`;

const discoverRooms = /* GraphQL */ `# Rooms that I can join.
query DiscoverRooms($search: String, $tag: String) {
  rooms(search: $search, tag: $tag, first: 20) {
    nodes {
      id
      name
      description
      tags
      memberCount
      creator {
        id
        nickName
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const newRooms = /* GraphQL */ `# Live: each new room with me as a member.
# It continues while other tabs are active.
subscription NewRooms {
  roomCreated(scope: MINE) {
    id
    name
    creator {
      id
      nickName
    }
    members {
      nodes {
        id
        nickName
      }
    }
    createdAt
  }
}
`;

const newPublicRooms = /* GraphQL */ `# Live: each new public room, as in a lobby.
subscription NewPublicRooms {
  roomCreated(scope: PUBLIC) {
    id
    name
    tags
    creator {
      id
      nickName
    }
    createdAt
  }
}
`;

const sendMessage = /* GraphQL */ `# Sends a message. A retry with the same
# idempotencyKey does not send it twice: use a
# new key for each message.
mutation SendMessage(
  $roomId: ID!
  $contents: String!
  $idempotencyKey: String
) {
  sendMessage(
    input: {
      roomId: $roomId
      contents: $contents
      idempotencyKey: $idempotencyKey
    }
  ) {
    message {
      id
      seq
      contents
      createdAt
    }
  }
}
`;

const messages = /* GraphQL */ `# The newest messages of a room, and the number
# of unread ones.
query Messages($roomId: ID!) {
  roomInfo(roomId: $roomId) {
    seq
    unreadCount
    messages(last: 50) {
      nodes {
        id
        seq
        contents
        from {
          id
          nickName
        }
        reactions {
          emoji
          count
        }
        createdAt
      }
      pageInfo {
        hasPreviousPage
        startCursor
      }
    }
  }
}
`;

const join = /* GraphQL */ `# Joins a room. A private room needs its key,
# which its owner sees as joinKey.
mutation JoinRoom($roomId: ID!, $key: String) {
  joinRoom(roomId: $roomId, key: $key) {
    room {
      id
      name
      viewerRole
      memberCount
    }
  }
}
`;

const chatList = /* GraphQL */ `# Live: changes of a chat list. On OPENED read
# myRooms, then apply each change.
subscription ChatList {
  myRoomsChanged {
    kind
    roomId
    room {
      name
      unreadCount
      latestMessage {
        contents
        from {
          nickName
        }
      }
    }
  }
}
`;

const events = /* GraphQL */ `# Live: all events of a room with a seq above
# "after". 0 sends the whole history.
subscription RoomEvents($roomId: ID!, $after: Int) {
  roomEvents(roomId: $roomId, after: $after) {
    __typename
    seq
    at
    ... on MessageAdded {
      message {
        contents
        from {
          nickName
        }
      }
    }
    ... on MessageEdited {
      message {
        seq
        contents
      }
    }
    ... on MessageDeleted {
      message {
        seq
      }
    }
    ... on ReactionsChanged {
      emoji
      on
      user {
        nickName
      }
      message {
        seq
      }
    }
  }
}
`;

export const examples: readonly Example[] = [
  {
    title: 'Create a room',
    query: createRoom,
    variables: ({ others }) => ({ name: 'Tea at five', memberIds: others }),
  },
  { title: 'My rooms and their members', query: myRooms },
  { title: 'One room', query: roomInfo, variables: ({ roomId }) => ({ roomId }) },
  { title: 'Find public rooms', query: discoverRooms, variables: () => ({ search: '' }) },
  { title: 'Join a room', query: join, variables: () => ({ roomId: '', key: null }) },
  {
    title: 'Send a message',
    query: sendMessage,
    variables: ({ roomId }) => ({ roomId, contents: 'Hello', idempotencyKey: crypto.randomUUID() }),
  },
  { title: 'Messages of a room', query: messages, variables: ({ roomId }) => ({ roomId }) },
  { title: 'Live: everything in a room', query: events, variables: ({ roomId }) => ({ roomId, after: 0 }) },
  { title: 'Live: my chat list', query: chatList },
  { title: 'Live: new rooms of mine', query: newRooms },
  { title: 'Live: new public rooms', query: newPublicRooms },
];

/** The contents of the first tab at the first visit. */
export function welcome(canSignIn: boolean): string {
  const who = canSignIn
    ? `# 1. Sign in above. Each tab has its own user.
# 2. Run Examples > "Live: new rooms of mine".
# 3. In a new tab, sign in as another user and
#    run Examples > "Create a room". The room
#    appears in Live and in the first tab.`
    : `# Put your token into Headers, below, in each tab:
#   {"Authorization": "Bearer ..."}
# Examples, above, has operations to run.`;
  return `# The playground of Parley.
#
${who}
#
# Run: Ctrl-Enter. Suggestions: Ctrl-Space.

query Me {
  me {
    id
    nickName
  }
}
`;
}
