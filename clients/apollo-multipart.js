// #region connect
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';

/** connect returns a client that sends all operations over HTTP. It ends a subscription with an error when its connection breaks. */
export const connect = (uri, getToken) => new ApolloClient({
  link: new HttpLink({
    uri, // https://…/graphql
    fetch: async (url, init) => fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${await getToken()}` } }),
  }),
  cache: new InMemoryCache(),
});
// #endregion connect
