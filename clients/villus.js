// #region connect
import { createClient, fetch, handleSubscriptions } from 'villus';
import { connect as connectSocket } from './graphql-ws.js';

/** connect returns a client for useClient: queries and mutations go over HTTP, subscriptions over one WebSocket. */
export function connect({ http, ws }, getToken, webSocketImpl) {
  const socket = connectSocket(ws, getToken, webSocketImpl);
  const authorise = async ({ opContext }) => {
    opContext.headers.authorization = `Bearer ${await getToken()}`;
  };
  const forward = ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
  });
  const client = createClient({ url: http, use: [handleSubscriptions(forward), authorise, fetch()] });
  return { client, dispose: () => socket.dispose() };
}
// #endregion connect
