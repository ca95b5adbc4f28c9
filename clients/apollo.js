// #region connect
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { getMainDefinition } from '@apollo/client/utilities';
import { connect as connectSocket } from './graphql-ws.js';

/** connect returns a client: queries and mutations go over HTTP, subscriptions over one WebSocket. */
export function connect({ http, ws }, getToken, webSocketImpl) {
  const authorised = new SetContextLink(async ({ headers }) => ({
    headers: { ...headers, authorization: `Bearer ${await getToken()}` },
  }));
  const socket = connectSocket(ws, getToken, webSocketImpl);
  const isSubscription = ({ query }) => getMainDefinition(query).operation === 'subscription';
  const client = new ApolloClient({
    link: ApolloLink.split(isSubscription, new GraphQLWsLink(socket), ApolloLink.from([authorised, new HttpLink({ uri: http })])),
    cache: new InMemoryCache(),
  });
  return { client, dispose: () => socket.dispose() };
}
// #endregion connect
