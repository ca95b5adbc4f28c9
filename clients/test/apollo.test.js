import { gql } from '@apollo/client';
import WebSocket from 'ws';
import { connect } from '../apollo.js';
import { documents, scenario } from './scenario.js';

scenario('Apollo Client', (server, getToken) => {
  const { client, dispose } = connect(server, getToken, WebSocket);
  return {
    rooms: async (after) => (await client.query({ query: gql(documents.rooms), variables: { after } })).data.myRooms,
    create: async (name) => (await client.mutate({ mutation: gql(documents.create), variables: { name } })).data.createRoom.room.id,
    send: async (roomId, contents) => (await client.mutate({ mutation: gql(documents.send), variables: { input: { roomId, contents } } })).data.sendMessage.message.seq,
    follow: (roomId, after, onSeq, onError) =>
      client.subscribe({ query: gql(documents.follow), variables: { roomId, after } }).subscribe({
        next: ({ data, error }) => (error ? onError(error) : onSeq(data.messageAdded.seq)), error: onError,
      }),
    dispose,
  };
});
