// Read by relay-compiler, which writes what is run to __generated__.
import { graphql } from 'relay-runtime';

graphql`query documentsRoomsQuery($after: String) { myRooms(first: 2, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } } }`;
graphql`mutation documentsCreateMutation($name: String!) { createRoom(input: { name: $name }) { room { id } } }`;
graphql`mutation documentsSendMutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id seq contents } } }`;
graphql`subscription documentsFollowSubscription($roomId: ID!, $after: Int) { messageAdded(roomId: $roomId, after: $after) { id seq contents } }`;
