import relay from 'relay-runtime';
import WebSocket from 'ws';
import { connect } from '../relay.js';
import create from '../relay/__generated__/documentsCreateMutation.graphql.js';
import follow from '../relay/__generated__/documentsFollowSubscription.graphql.js';
import rooms from '../relay/__generated__/documentsRoomsQuery.graphql.js';
import send from '../relay/__generated__/documentsSendMutation.graphql.js';
import { scenario } from './scenario.js';

const { commitMutation, fetchQuery, requestSubscription } = relay;

scenario('Relay', (server, getToken) => {
  const { environment, dispose } = connect(server, getToken, WebSocket);
  const commit = (mutation, variables) =>
    new Promise((resolve, reject) => {
      commitMutation(environment, { mutation, variables, onCompleted: (data, errors) => (errors ? reject(errors) : resolve(data)), onError: reject });
    });
  return {
    rooms: async (after) => (await fetchQuery(environment, rooms, { after }, { fetchPolicy: 'network-only' }).toPromise()).myRooms,
    create: async (name) => (await commit(create, { name })).createRoom.room.id,
    send: async (roomId, contents) => (await commit(send, { input: { roomId, contents } })).sendMessage.message.seq,
    follow: (roomId, after, onSeq, onError) =>
      requestSubscription(environment, { subscription: follow, variables: { roomId, after }, onNext: (data) => onSeq(data.messageAdded.seq), onError }),
    dispose,
  };
});
