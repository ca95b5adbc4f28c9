import type { ExecutionResult } from 'graphql';
import type { Headers } from './token';

export interface Request {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

/** A result as it is received: errors are plain objects. */
export type Result = Omit<ExecutionResult, 'errors'> & {
  errors?: readonly { message: string; extensions?: Record<string, unknown> }[];
};

/** A result with an error that explains the failure. */
export function failure(message: string, extensions?: Record<string, unknown>): Result {
  return { errors: [extensions === undefined ? { message } : { message, extensions }] };
}

/** Sends GraphQL over HTTP, by POST. Every failure is returned as a result with an error, never thrown. */
export async function post(endpoint: string, request: Request, headers: Headers, signal?: AbortSignal): Promise<Result> {
  let response: Response;
  let body: string;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        Accept: 'application/graphql-response+json, application/json',
        'Content-Type': 'application/json',
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      },
      body: JSON.stringify(request),
      signal,
    });
    body = await response.text();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failure(`No response from ${endpoint}: ${reason}. Is the server running?`);
  }
  try {
    const result: unknown = JSON.parse(body);
    if (typeof result === 'object' && result !== null && ('data' in result || 'errors' in result)) {
      return result as Result;
    }
  } catch {
    // Not JSON, for example a proxy's error page; reported below.
  }
  return failure(`The response from ${endpoint} is not a GraphQL response: HTTP ${response.status} ${response.statusText}`.trimEnd(), {
    status: response.status,
    body: body.slice(0, 1000),
  });
}
