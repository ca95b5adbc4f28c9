// #region connect
import { createClient } from 'graphql-ws';
import { resumable } from './resume.js';

/** connect returns a client. getToken returns the token to connect with, and does not fail: graphql-ws would not connect again; webSocketImpl is for Node. */
export function connect(url, getToken, webSocketImpl) {
  return resumable(createClient({
    url, // wss://…/graphql
    webSocketImpl,
    connectionParams: async () => ({ authorization: await getToken() }),
    retryAttempts: Infinity,
    shouldRetry: () => true, // also when the server cannot be reached at all
    keepAlive: 10_000,
  }));
}
// #endregion connect

// #region renew
/** renewing keeps a socket open beyond the expiry of its token: call `renew` with a new token before the old one expires. */
export function renewing(client) {
  let socket;
  client.on('connected', (opened) => (socket = opened));
  return {
    renew: (token) => socket?.send(JSON.stringify({ type: 'ping', payload: { authorization: token } })),
  };
}
// #endregion renew
