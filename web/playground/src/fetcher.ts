import type { Fetcher, FetcherReturnType } from '@graphiql/toolkit';
import { getOperationAST, OperationTypeNode, parse } from 'graphql';
import { post, type Request, type Result } from './http';
import type { Refusals } from './refusals';
import type { Start } from './run';
import type { Runs } from './runs';
import { Sockets } from './sockets';
import { authorizationOf, type Headers } from './token';

/** GraphiQL's own operation, named so that no operation of a user is taken for it. */
export const introspectionName = 'ParleyPlaygroundIntrospection';

/** Runs GraphiQL's operations: each in the run of the tab that is active, subscriptions over a socket, the rest by POST. */
export function createFetcher(endpoint: string, runs: Runs, refusals: Refusals, activeTab: () => string): Fetcher {
  const sockets = new Sockets(endpoint);
  return (params, options) => {
    const request: Request = { query: params.query, variables: params.variables, operationName: params.operationName };
    const headers: Headers = options?.headers ?? {};
    if (request.operationName === introspectionName) {
      return toGraphiQL(introspect(endpoint, request, headers));
    }
    const authorization = authorizationOf(headers);
    const start = isSubscription(request) ? sockets.subscribe(request, authorization) : send(endpoint, request, headers);
    const results = runs.watch(activeTab(), (sink) =>
      start({
        next: (result) => {
          refusals.note(authorization, result);
          sink.next(result);
        },
        end: () => sink.end(),
      }),
    );
    return toGraphiQL(results);
  };
}

/** GraphiQL's types ask for instances of GraphQLError; it only prints them. */
function toGraphiQL(results: Promise<Result> | AsyncIterableIterator<Result>): FetcherReturnType {
  return results as FetcherReturnType;
}

/** The schema is worth having also for someone whose token is no longer good. */
async function introspect(endpoint: string, request: Request, headers: Headers): Promise<Result> {
  const result = await post(endpoint, request, headers);
  return result.data == null && authorizationOf(headers) !== undefined ? post(endpoint, request, {}) : result;
}

function send(endpoint: string, request: Request, headers: Headers): Start {
  return (sink) => {
    const controller = new AbortController();
    void post(endpoint, request, headers, controller.signal).then((result) => {
      sink.next(result);
      sink.end();
    });
    return () => controller.abort();
  };
}

function isSubscription(request: Request): boolean {
  try {
    return getOperationAST(parse(request.query), request.operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
  } catch {
    return false; // The server says what is wrong with it.
  }
}
