import type { Fetcher, FetcherReturnType } from '@graphiql/toolkit';
import { buildSchema, introspectionFromSchema, Kind, type OperationDefinitionNode, OperationTypeNode, parse } from 'graphql';
import { post, type Request, type Result } from './http';
import type { Refusals } from './refusals';
import type { Start } from './run';
import type { Runs } from './runs';
import { Sockets } from './sockets';
import type { Streams } from './streams';
import { authorizationOf, type Headers, personOf } from './token';

/** The name of GraphiQL's own operation, which cannot be confused with an operation of the user. */
export const introspectionName = 'ParleyPlaygroundIntrospection';

/** Runs GraphiQL's operations, each in the run of the active tab: subscriptions over a socket, others by POST. */
export function createFetcher(endpoint: string, runs: Runs, streams: Streams, refusals: Refusals, activeTab: () => string): Fetcher {
  const sockets = new Sockets(endpoint);
  return (params, options) => {
    const request = withOwnName({ query: params.query, variables: params.variables, operationName: params.operationName });
    const headers: Headers = options?.headers ?? {};
    if (request.operationName === introspectionName) {
      return toGraphiQL(introspect(endpoint, request, headers));
    }
    const authorization = authorizationOf(headers);
    const start = isSubscription(request)
      ? streams.noted(
          activeTab(),
          request.operationName || 'subscription',
          personOf(authorization)?.name ?? 'Signed out',
          sockets.subscribe(request, authorization),
        )
      : send(endpoint, request, headers);
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

/** GraphiQL's types require instances of GraphQLError; it only prints them. */
function toGraphiQL(results: Promise<Result> | AsyncIterableIterator<Result>): FetcherReturnType {
  return results as FetcherReturnType;
}

/** Loads the schema. If introspection is off or the token is no longer valid, it reads the SDL, which is public. */
async function introspect(endpoint: string, request: Request, headers: Headers): Promise<Result> {
  const result = await post(endpoint, request, headers);
  if (result.data != null) {
    return result;
  }
  const sdl = await fetch('/schema.graphql');
  return sdl.ok ? { data: { ...introspectionFromSchema(buildSchema(await sdl.text())) } } : result;
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

/** GraphiQL updates the operation's name shortly after the text. If there is only one operation, use it. */
function withOwnName(request: Request): Request {
  const operations = operationsOf(request);
  return operations.length === 1 ? { ...request, operationName: operations[0]?.name?.value } : request;
}

function isSubscription(request: Request): boolean {
  const operations = operationsOf(request);
  const meant = operations.length === 1 ? operations[0] : operations.find(({ name }) => name?.value === request.operationName);
  return meant?.operation === OperationTypeNode.SUBSCRIPTION;
}

function operationsOf(request: Request): OperationDefinitionNode[] {
  try {
    return parse(request.query).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  } catch {
    return []; // The server reports the error.
  }
}
