import type { Api } from '../api/api';
import { explain, isPassing } from '../api/errors';
import { SendMessage } from '../api/operations';
import type { SendMessageInput } from '../gql/graphql';
import { Store } from '../store';
import type { Message } from './timeline';

/** How long a message waits before it is tried again, in milliseconds; it is also tried when the connection is back. */
const tryEvery = 5_000;

/** A message that the server has not confirmed yet. */
export interface Outgoing {
  /** With its idempotencyKey, made once: however often it is sent, it is one message. */
  input: SendMessageInput & { idempotencyKey: string };
  /** Waiting: it goes by itself when the connection is back. Refused: it would be refused again as it is. */
  state: 'sending' | 'waiting' | 'refused';
  problem: string;
}

/** Everything typed and not confirmed. It survives failures, and a reload of the page. */
export class Outbox {
  readonly messages: Store<readonly Outgoing[]>;
  /** Called with each message that the server has confirmed. */
  onSent: (message: Message, roomId: string) => void = () => {};
  readonly #api: Api;
  readonly #kept: string;
  readonly #ignore: () => void;
  #pumping = false;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, me: string) {
    this.#api = api;
    this.#kept = `parley-outbox-${me}`;
    const kept = JSON.parse(sessionStorage.getItem(this.#kept) ?? '[]') as Outgoing[];
    // What was being sent when the page was closed may have arrived: with the same key it is safe to send again.
    this.messages = new Store(kept.map((message) => (message.state === 'sending' ? { ...message, state: 'waiting' } : message)));
    this.#ignore = api.connection.state.subscribe(() => {
      if (api.connection.state.get() === 'online') {
        void this.#pump();
      }
    });
  }

  close(): void {
    this.#ignore();
    clearTimeout(this.#again);
  }

  send(input: SendMessageInput): void {
    const message: Outgoing = { input: { ...input, idempotencyKey: crypto.randomUUID() }, state: 'waiting', problem: '' };
    this.#set([...this.messages.get(), message]);
    void this.#pump();
  }

  retry(key: string): void {
    this.#update(key, { state: 'waiting', problem: '' });
    void this.#pump();
  }

  /** Takes a message out: it was given up, or has been seen in the room. */
  remove(key: string): void {
    this.#set(this.messages.get().filter((message) => message.input.idempotencyKey !== key));
  }

  /** Sends what waits, one after the other, so that it arrives in the order in which it was typed. */
  async #pump(): Promise<void> {
    if (this.#pumping) {
      return;
    }
    this.#pumping = true;
    clearTimeout(this.#again);
    let message: Outgoing | undefined;
    while ((message = this.messages.get().find(({ state }) => state === 'waiting'))) {
      if (!(await this.#sendOne(message))) {
        this.#again = setTimeout(() => void this.#pump(), tryEvery);
        break;
      }
    }
    this.#pumping = false;
  }

  /** Returns false where it makes no sense to go on with the next. */
  async #sendOne({ input }: Outgoing): Promise<boolean> {
    this.#update(input.idempotencyKey, { state: 'sending', problem: '' });
    const { data, error } = await this.#api.client.mutation(SendMessage, { input });
    if (data?.sendMessage) {
      this.onSent(data.sendMessage.message, input.roomId);
      this.remove(input.idempotencyKey);
      return true;
    }
    const passing = !error || isPassing(error);
    this.#update(input.idempotencyKey, { state: passing ? 'waiting' : 'refused', problem: error ? explain(error) : '' });
    return !passing;
  }

  #update(key: string, change: Partial<Outgoing>): void {
    this.#set(this.messages.get().map((message) => (message.input.idempotencyKey === key ? { ...message, ...change } : message)));
  }

  #set(messages: readonly Outgoing[]): void {
    this.messages.set(messages);
    sessionStorage.setItem(this.#kept, JSON.stringify(messages));
  }
}
