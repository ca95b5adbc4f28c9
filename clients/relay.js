// #region connect
import relay from 'relay-runtime';
import { connect as connectSocket } from './graphql-ws.js';

const { Environment, Network, Observable, RecordSource, Store } = relay;

/** connect returns an environment: queries and mutations go over HTTP, subscriptions over one WebSocket. */
export function connect({ http, ws }, getToken, webSocketImpl) {
  const socket = connectSocket(ws, getToken, webSocketImpl);
  const fetchFn = async ({ text: query }, variables) => {
    const response = await fetch(http, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await getToken()}` },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  };
  const subscribeFn = ({ text: query }, variables) =>
    Observable.create((sink) => socket.subscribe({ query, variables }, sink));
  const environment = new Environment({
    network: Network.create(fetchFn, subscribeFn),
    store: new Store(new RecordSource()),
  });
  return { environment, dispose: () => socket.dispose() };
}
// #endregion connect
