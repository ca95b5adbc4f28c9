import { authExchange } from '@urql/exchange-auth';
import { Client, fetchExchange, subscriptionExchange } from 'urql';
import { Connection } from './connection';
import { codeOf } from './errors';
import type { Session } from './session';

/** How long a response may take before the connection counts as lost, in milliseconds. */
const answerWithin = 20_000;

/** The server as a signed-in user sees it. */
export interface Api {
  client: Client;
  connection: Connection;
  session: Session;
}

/**
 * urql without a cache: streams keep the state of each room current (see room/timeline.ts), and a second copy in a cache
 * could only be older.
 */
export function createApi(endpoint: string, session: Session): Api {
  const token = (): string => session.person.get()?.token ?? '';
  const connection = new Connection(endpoint, token);
  const client = new Client({
    url: endpoint,
    preferGetMethod: false,
    // urql's own signal is omitted: it aborts requests that have just completed, and the browser logs an error.
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(answerWithin) }),
    exchanges: [
      authExchange(async (utils) => ({
        addAuthToOperation: (operation) => utils.appendHeaders(operation, { Authorization: `Bearer ${token()}` }),
        didAuthError: (error) => codeOf(error) === 'UNAUTHENTICATED',
        refreshAuth: () => session.renew(),
      })),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: connection.socket.subscribe({ query, variables: variables as Record<string, unknown> }, sink) }),
        }),
      }),
    ],
  });
  return { client, connection, session };
}
