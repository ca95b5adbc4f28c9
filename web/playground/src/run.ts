import type { Result } from './http';

export interface Sink {
  next(result: Result): void;
  end(): void;
}

/** Starts an operation and returns a function that cancels it. */
export type Start = (sink: Sink) => () => void;

/**
 * One execution of the operation of a tab: a query, mutation or subscription. It continues without a watcher and stores
 * the newest result, because the response pane shows only this one.
 */
export class Run {
  #newest: Result | undefined;
  #fresh = false;
  #ended = false;
  #watched = false;
  #unseen = 0;
  #wake: () => void = () => {};
  readonly #cancel: () => void;
  readonly #changed: () => void;

  constructor(start: Start, changed: () => void) {
    this.#changed = changed;
    this.#cancel = start({
      next: (result) => {
        this.#newest = result;
        this.#fresh = true;
        this.#unseen += this.#watched ? 0 : 1;
        this.#wake();
        changed();
      },
      end: () => {
        this.#ended = true;
        this.#wake();
        changed();
      },
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  get watched(): boolean {
    return this.#watched;
  }

  /** The number of results since the last watcher left. */
  get unseen(): number {
    return this.#unseen;
  }

  cancel(): void {
    this.#cancel();
  }

  /**
   * Returns the newest result so far, and all later ones. There is one watcher at a time. `left` is called when it leaves
   * before the end. Its pending promise then never settles: GraphiQL would take an end for the end of the run that it
   * shows by then, in another tab.
   */
  watch(left: () => void): AsyncIterableIterator<Result> {
    let leaving = false;
    this.#watched = true;
    this.#unseen = 0;
    this.#fresh = this.#newest !== undefined;
    const next = async (): Promise<IteratorResult<Result>> => {
      while (!this.#fresh && !this.#ended) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (leaving) {
        return new Promise(() => {});
      }
      if (this.#fresh && this.#newest !== undefined) {
        this.#fresh = false;
        return { done: false, value: this.#newest };
      }
      return { done: true, value: undefined };
    };
    return {
      next,
      return: async () => {
        if (!leaving) {
          leaving = true;
          this.#watched = false;
          this.#wake = () => {};
          this.#changed();
          left();
        }
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
