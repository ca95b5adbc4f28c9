import type { AnyVariables, CombinedError, OperationResult, TypedDocumentNode } from 'urql';
import { onEnd, pipe, type Subscription, subscribe } from 'wonka';
import type { Api } from './api';
import { codeOf, isPassing } from './errors';

export interface Follower<Data, Variables> {
  /** Called before each attempt; returns the variables with the current `after`. Undefined: not now, call again later. */
  variables(): Variables | undefined | Promise<Variables | undefined>;
  /** Returns false to restart the subscription. */
  next(data: Data): boolean | void;
  /** Called when the server ends the stream, for example because the user is no longer in the room. */
  ended(error: CombinedError): void;
}

/** Keeps a subscription alive until the returned function is called: after every failure it subscribes again. */
export function follow<Data, Variables extends AnyVariables>(
  api: Api,
  document: TypedDocumentNode<Data, Variables>,
  follower: Follower<Data, Variables>,
): () => void {
  let stopped = false;
  let cancel = (): void => {};

  async function run(): Promise<void> {
    while (!stopped) {
      const variables = await follower.variables();
      if (stopped) {
        return;
      }
      const end = variables === undefined ? 'broken' : await once(variables);
      if (stopped || end === 'again') {
        continue;
      }
      if (end !== 'broken') {
        follower.ended(end);
        return;
      }
      await api.connection.wait();
    }
  }

  /** Runs one subscription until it ends. */
  async function once(variables: Variables): Promise<'again' | 'broken' | CombinedError> {
    let subscription: Subscription | undefined;
    const end = await new Promise<'again' | 'broken' | CombinedError>((resolve) => {
      cancel = () => resolve('broken');
      subscription = pipe(
        api.client.subscription(document, variables),
        onEnd(() => resolve('broken')),
        subscribe((result: OperationResult<Data, Variables>) => {
          if (result.error) {
            resolve(result.error);
          } else if (result.data && !stopped && follower.next(result.data) === false) {
            resolve('again');
          }
        }),
      );
    });
    subscription?.unsubscribe();
    return typeof end === 'string' ? end : outcome(end);
  }

  async function outcome(error: CombinedError): Promise<'broken' | CombinedError> {
    const closed = error.networkError as { code?: unknown } | undefined;
    if (closed?.code === 4401 || closed?.code === 4403 || codeOf(error) === 'UNAUTHENTICATED') {
      await api.session.renew();
      return 'broken';
    }
    return isPassing(error) || codeOf(error) === 'INTERNAL' ? 'broken' : error;
  }

  void run();
  return () => {
    stopped = true;
    cancel();
    api.connection.wake();
  };
}
