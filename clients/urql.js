// #region connect
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { connect as connectSocket } from './graphql-ws.js';

/** connect returns a client: queries and mutations go over HTTP, subscriptions over one WebSocket. */
export function connect({ http, ws }, getToken, webSocketImpl) {
  const socket = connectSocket(ws, getToken, webSocketImpl);
  const client = new Client({
    url: http,
    preferGetMethod: false,
    fetchOptions: () => ({ headers: { authorization: `Bearer ${getToken()}` } }),
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  });
  return { client, dispose: () => socket.dispose() };
}
// #endregion connect
