// #region connect
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { composeSubgraphs } from '@graphql-mesh/fusion-composition';
import http from '@graphql-mesh/transport-http';

/** gateway returns a handler for Node's createServer. It sends the token of each caller to Parley. */
export function gateway(url, schema) {
  const { supergraphSdl } = composeSubgraphs([{ name: 'chat', schema, url }]);
  return createGatewayRuntime({
    supergraph: supergraphSdl,
    transports: { http },
    propagateHeaders: { fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get('authorization') }) },
  });
}
// #endregion connect
