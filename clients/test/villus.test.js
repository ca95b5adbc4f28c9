import WebSocket from 'ws';
import { connect } from '../villus.js';
import { documents, scenario } from './scenario.js';

scenario('villus', (server, getToken) => {
  const { client, dispose } = connect(server, getToken, WebSocket);
  const data = async (result) => {
    const { data, error } = await result;
    if (error) throw error;
    return data;
  };
  return {
    rooms: async (after) => (await data(client.executeQuery({ query: documents.rooms, variables: { after } }))).myRooms,
    create: async (name) => (await data(client.executeMutation({ query: documents.create, variables: { name } }))).createRoom.room.id,
    send: async (roomId, contents) => (await data(client.executeMutation({ query: documents.send, variables: { input: { roomId, contents } } }))).sendMessage.message.seq,
    follow: async (roomId, after, onSeq, onError) => {
      const messages = await client.executeSubscription({ query: documents.follow, variables: { roomId, after } });
      messages.subscribe({ next: ({ data }) => onSeq(data.messageAdded.seq), error: onError, complete() {} });
    },
    dispose,
  };
});
