import { connect } from '../graphql-sse.js';
import { documents, scenario } from './scenario.js';

scenario('graphql-sse', (server, getToken) => {
  const client = connect(server.http, getToken);
  const once = (query, variables) =>
    new Promise((resolve, reject) => {
      let data;
      client.subscribe({ query, variables }, { next: (result) => (data = result.data), error: reject, complete: () => resolve(data) });
    });
  return {
    rooms: async (after) => (await once(documents.rooms, { after: after ?? undefined })).myRooms,
    create: async (name) => (await once(documents.create, { name })).createRoom.room.id,
    send: async (roomId, contents) => (await once(documents.send, { input: { roomId, contents } })).sendMessage.message.seq,
    follow: (roomId, after, onSeq, onError) =>
      client.subscribe({ query: documents.follow, variables: { roomId, after } }, {
        next: ({ data }) => onSeq(data.messageAdded.seq), error: onError, complete: () => {},
      }),
    dispose: () => client.dispose(),
  };
});
