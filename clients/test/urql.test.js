import WebSocket from 'ws';
import { connect } from '../urql.js';
import { documents, scenario } from './scenario.js';

scenario('urql', (server, getToken) => {
  const { client, dispose } = connect(server, getToken, WebSocket);
  const data = async (result) => {
    const { data, error } = await result.toPromise();
    if (error) throw error;
    return data;
  };
  return {
    rooms: async (after) => (await data(client.query(documents.rooms, { after }))).myRooms,
    create: async (name) => (await data(client.mutation(documents.create, { name }))).createRoom.room.id,
    send: async (roomId, contents) => (await data(client.mutation(documents.send, { input: { roomId, contents } }))).sendMessage.message.seq,
    follow: (roomId, after, onSeq, onError) =>
      client.subscription(documents.follow, { roomId, after }).subscribe(({ data, error }) => (error ? onError(error) : onSeq(data.messageAdded.seq))),
    dispose,
  };
});
