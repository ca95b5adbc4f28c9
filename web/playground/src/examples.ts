export interface Example {
  title: string;
  query: string;
  variables?: (known: Known) => unknown;
}

/** What an example's variables are filled with. */
export interface Known {
  /** The ids of people signed in in other tabs. */
  others: string[];
  /** The id of the person's latest active room; empty where there is none. */
  roomId: string;
}

const createRoom = /* GraphQL */ `# A new room. Whoever is named in memberIds is
# in it from the start. The server knows people
# once they have signed in.
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

const myRooms = /* GraphQL */ `# The rooms I am in, the latest active first.
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

const roomInfo = /* GraphQL */ `# One room. Its id goes into the variables;
# MyRooms lists those that I am in.
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

const discoverRooms = /* GraphQL */ `# Rooms that I could join.
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

const newRooms = /* GraphQL */ `# Live: each new room that I am in from its
# start. It goes on while I look at other tabs.
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

const sendMessage = /* GraphQL */ `# A message. The same idempotencyKey sent again
# is the same message: make a new key for each.
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

const messages = /* GraphQL */ `# The newest messages of a room, and what I have
# not read.
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

const join = /* GraphQL */ `# Into a room. A private one takes its key, which
# its owner sees as joinKey.
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

const chatList = /* GraphQL */ `# Live: what a chat list needs. At OPENED read
# myRooms; then each change puts a room in its
# place.
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

const events = /* GraphQL */ `# Live: everything that happens in a room, from
# "after" on. 0 is its whole history.
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

/** What the first tab holds at a first visit. */
export function welcome(canSignIn: boolean): string {
  const who = canSignIn
    ? `# 1. Sign in above. Each tab has its own person.
# 2. Examples > "Live: new rooms of mine": run it.
# 3. In a new tab, sign in as somebody else, and
#    run Examples > "Create a room". It arrives
#    beside it, in Live, and in the tab that
#    listens.`
    : `# Your token goes into Headers, below, for each tab:
#   {"Authorization": "Bearer ..."}
# Ready operations are under Examples, above.`;
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
