import type { Api } from '../api/api';
import { explain, isPassing } from '../api/errors';
import { SendMessage } from '../api/operations';
import type { SendMessageInput } from '../gql/graphql';
import { Store } from '../store';
import type { Message } from './timeline';

/** How long a message waits before the next attempt, in milliseconds. It is also sent when the connection is back. */
const tryEvery = 5_000;

/** A message that the server has not confirmed yet. */
export interface Outgoing {
  /** It contains its idempotencyKey, generated once: however often it is sent, it is one message. */
  input: SendMessageInput & { idempotencyKey: string };
  /** Waiting: it is sent when the connection is back. Refused: the server would reject it again. */
  state: 'sending' | 'waiting' | 'refused';
  problem: string;
}

/** The messages that the server has not confirmed yet. They survive failures and a reload of the page. */
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
    // A message that was being sent when the page closed may have arrived. With the same key it is safe to send it again.
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

  /** Removes a message: the user discarded it, or it has appeared in the room. */
  remove(key: string): void {
    this.#set(this.messages.get().filter((message) => message.input.idempotencyKey !== key));
  }

  /** Sends the waiting messages one after the other, so that they arrive in the order in which the user sent them. */
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

  /** Returns false if the next message should not be sent. */
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
