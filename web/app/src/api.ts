import { createClient as createSocket } from 'graphql-ws';
import { Client, fetchExchange, subscriptionExchange } from 'urql';
import { resumable } from './resume';

export interface Api {
  client: Client;
  /** online tells each change of whether the server can be reached, and returns what ends that. */
  online(tell: (online: boolean) => void): () => void;
  dispose(): void;
}

/** connect returns a way to the server for who has a token: queries and mutations over HTTP, the rest over one WebSocket. */
export function connect(token: string, refused: () => void): Api {
  const url = new URL('/graphql', location.href);
  const socket = resumable(createSocket({
    url: url.href.replace(/^http/, 'ws'),
    connectionParams: { authorization: token },
    lazy: false,
    keepAlive: 10_000,
    retryAttempts: Infinity,
    retryWait: (retries) => new Promise((done) => setTimeout(done, Math.min(5000, 250 * 2 ** retries) * (0.5 + Math.random() / 2))),
    shouldRetry: (event) => {
      const forbidden = event instanceof CloseEvent && event.code === 4403;
      if (forbidden) refused();
      return !forbidden;
    },
  }));
  const client = new Client({
    url: url.href,
    preferGetMethod: false,
    requestPolicy: 'network-only',
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? '', variables }, sink as never) }),
        }),
      }),
    ],
  });
  return {
    client,
    online(tell) {
      const ends = [
        socket.on('connected', () => tell(true)),
        socket.on('closed', () => tell(false)),
      ];
      return () => ends.forEach((end) => end());
    },
    dispose: () => void socket.dispose(),
  };
}
