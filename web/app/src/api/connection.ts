import { type Client, createClient } from 'graphql-ws';
import { Store } from '../store';

/** How long the server may take to answer a ping, and the time between two pings, in milliseconds. */
const pongWithin = 5_000;
const pingEvery = 10_000;

/** The longest wait before the next attempt to connect, in milliseconds. */
const longestWait = 8_000;

/** The only socket of this window. It connects with the first subscription. Each subscription resumes by itself. */
export class Connection {
  readonly state = new Store<'connecting' | 'online' | 'offline'>('connecting');
  readonly socket: Client;
  #attempts = 0;
  #comeBackIn: number | undefined;
  #pong: ReturnType<typeof setTimeout> | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #abort = new AbortController();

  constructor(endpoint: string, token: () => string) {
    const url = new URL(endpoint, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket = createClient({
      url: url.href,
      connectionParams: () => ({ authorization: `Bearer ${token()}` }),
      // The library would send the same `after` again; follow sends the current one.
      retryAttempts: 0,
      keepAlive: pingEvery,
      on: {
        connected: () => {
          this.#attempts = 0;
          this.#comeBackIn = undefined;
          this.state.set('online');
          this.wake();
        },
        closed: (event) => {
          clearTimeout(this.#pong);
          this.#attempts++;
          // A server that restarts tells each client when to reconnect, at different times.
          this.#comeBackIn = Number(/come back in (\d+) ms/.exec((event as CloseEvent).reason ?? '')?.[1]) || undefined;
          this.state.set('offline');
        },
        // A socket can be dead for a long time without an error: the laptop slept, or the network was lost.
        ping: (received) => {
          if (!received) {
            this.#pong = setTimeout(() => this.socket.terminate(), pongWithin);
          }
        },
        pong: (received) => {
          if (received) {
            clearTimeout(this.#pong);
          }
        },
      },
    });
    const { signal } = this.#abort;
    window.addEventListener('online', () => this.wake(), { signal });
    window.addEventListener('offline', () => this.socket.terminate(), { signal });
  }

  /** Waits before the next attempt, longer each time, with a random part. wake ends the wait. */
  async wait(): Promise<void> {
    const wait = this.#comeBackIn ?? Math.min(longestWait, 250 * 2 ** this.#attempts) * (0.5 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      setTimeout(resolve, wait);
    });
  }

  /** Ends all waits, so that subscriptions reconnect at once. */
  readonly wake = (): void => {
    this.#waiting.forEach((resolve) => resolve());
    this.#waiting.clear();
  };

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#pong);
    void this.socket.dispose();
  }
}
