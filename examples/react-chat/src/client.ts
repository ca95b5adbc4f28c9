import { createClient } from 'graphql-ws';
import { Client, subscriptionExchange } from 'urql';

/** Returns a token of the user. In development mode the server signs one for any user. */
async function getToken(userId: string): Promise<string> {
  const query = 'mutation SignIn($userId: ID!) { signIn(userId: $userId) { token } }';
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, variables: { userId } }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data.signIn.token;
}

/** Waits between two attempts. */
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 500 + 1000 * Math.random()));

/** Returns a client that sends all operations of the user over one WebSocket. */
export function connect(userId: string): Client {
  const url = `${location.origin.replace('http', 'ws')}/graphql`;
  let token = '';
  const socket = createClient({
    // graphql-ws calls url before each attempt to connect, and stops for good if it fails.
    url: async () => {
      for (;;) {
        try {
          token = await getToken(userId);
          return url;
        } catch {
          await pause(); // the server cannot be reached
        }
      }
    },
    connectionParams: () => ({ authorization: token }),
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: pause,
  });
  return new Client({
    url,
    exchanges: [
      subscriptionExchange({
        enableAllOperations: true,
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables: variables as Record<string, unknown> }, sink) }),
        }),
      }),
    ],
  });
}
