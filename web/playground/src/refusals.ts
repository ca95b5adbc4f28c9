import type { Result } from './http';

/** The tokens that the server has rejected, so that the page stops showing their users as signed in. */
export class Refusals {
  readonly #refused = new Set<string>();
  readonly #listeners = new Set<() => void>();

  /** Records a result for the Authorization that was sent. */
  note(authorization: string | undefined, result: Result): void {
    if (authorization === undefined || this.#refused.has(authorization) || !refuses(result)) {
      return;
    }
    this.#refused.add(authorization);
    for (const listener of this.#listeners) {
      listener();
    }
  }

  has(authorization: string | undefined): boolean {
    return authorization !== undefined && this.#refused.has(authorization);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly count = (): number => this.#refused.size;
}

function refuses(result: Result): boolean {
  return (result.errors ?? []).some(
    ({ extensions }) =>
      extensions?.code === 'UNAUTHENTICATED' || extensions?.status === 401 || extensions?.closeCode === 4401 || extensions?.closeCode === 4403,
  );
}
