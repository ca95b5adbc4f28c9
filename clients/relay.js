// #region connect
import relay from 'relay-runtime';
import { connect as connectSocket } from './graphql-ws.js';

const { Environment, Network, Observable, RecordSource, Store } = relay;

/** connect returns an environment: queries and mutations go over HTTP, subscriptions over one WebSocket. */
export function connect({ http, ws }, getToken, webSocketImpl) {
  const socket = connectSocket(ws, getToken, webSocketImpl);
  // If the compiler persists queries, a request has an id instead of the text. graphql-ws requires a query.
  const asked = ({ id, text }, variables) => (id ? { query: '', documentId: id, variables } : { query: text, variables });
  const fetchFn = async (request, variables) => {
    const response = await fetch(http, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await getToken()}` },
      body: JSON.stringify(asked(request, variables)),
    });
    return response.json();
  };
  const subscribeFn = (request, variables) =>
    Observable.create((sink) => socket.subscribe(asked(request, variables), sink));
  const environment = new Environment({
    network: Network.create(fetchFn, subscribeFn),
    store: new Store(new RecordSource()),
  });
  return { environment, dispose: () => socket.dispose() };
}
// #endregion connect
