import type { Result } from './http';
import type { Start } from './run';

/** A subscription of a tab, with its results. */
export interface Stream {
  tab: string;
  title: string;
  person: string;
  /** The newest results first, up to a limit. */
  results: readonly { at: Date; result: Result }[];
  ended: boolean;
}

const kept = 50;

/** The subscriptions of all tabs, to show them side by side: GraphiQL shows only the newest result of one tab. */
export class Streams {
  #list: readonly Stream[] = [];
  readonly #listeners = new Set<() => void>();

  /** Wraps a start so that its results are also stored here. A tab has one stream: its last. */
  noted(tab: string, title: string, person: string, start: Start): Start {
    return (sink) => {
      let stream: Stream = { tab, title, person, results: [], ended: false };
      const change = (changed: Partial<Stream>): void => {
        const before = stream;
        stream = { ...before, ...changed };
        this.#set(this.#list.map((each) => (each === before ? stream : each)));
      };
      this.#set([...this.#list.filter((each) => each.tab !== tab), stream]);
      const cancel = start({
        next: (result) => {
          change({ results: [{ at: new Date(), result }, ...stream.results].slice(0, kept) });
          sink.next(result);
        },
        end: () => {
          change({ ended: true });
          sink.end();
        },
      });
      return () => {
        change({ ended: true });
        cancel();
      };
    };
  }

  remove(stream: Stream): void {
    this.#set(this.#list.filter((each) => each !== stream));
  }

  readonly list = (): readonly Stream[] => this.#list;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(list: readonly Stream[]): void {
    this.#list = list;
    for (const listener of this.#listeners) {
      listener();
    }
  }
}
