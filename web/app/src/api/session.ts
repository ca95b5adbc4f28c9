import { Client, fetchExchange } from 'urql';
import type { Config } from '../config';
import { Store } from '../store';
import { codeOf, explain } from './errors';
import { Me, SignIn } from './operations';

export interface Person {
  id: string;
  name: string;
  token: string;
}

const kept = 'parley-person';

/** The user of this window. Each window has its own user: windows do not share sessionStorage, and it survives a reload. */
export class Session {
  readonly person = new Store<Person | undefined>(readKept());
  /** Why the user was signed out, for the sign-in page. */
  readonly ended = new Store<string>('');
  readonly #config: Config;
  #renewing: Promise<void> | undefined;

  constructor(config: Config) {
    this.#config = config;
  }

  /** Signs in as any user, in development mode. The message of the error is for users. */
  async signIn(userId: string, nickName?: string): Promise<void> {
    const { data, error } = await this.#ask().mutation(SignIn, { userId, nickName });
    if (error) {
      throw new Error(explain(error));
    }
    const payload = data?.signIn;
    if (payload) {
      this.#enter({ id: payload.user.id, name: payload.user.nickName || payload.user.id, token: payload.token });
    }
  }

  /** Signs in with a token of the application, in any mode. */
  async useToken(token: string): Promise<void> {
    const { data, error } = await this.#ask(token).query(Me, {});
    if (error) {
      throw new Error(codeOf(error) === 'UNAUTHENTICATED' ? 'The server does not accept this token.' : explain(error));
    }
    if (data) {
      this.#enter({ id: data.me.id, name: data.me.nickName || data.me.id, token });
    }
  }

  signOut(why = ''): void {
    sessionStorage.removeItem(kept);
    this.ended.set(why);
    this.person.set(undefined);
  }

  /**
   * Gets a new token for the same user when the server rejects the old one. In development mode this happens after a restart
   * of the server. An application would ask its identity provider here.
   */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    const person = this.person.get();
    if (!person) {
      return;
    }
    if (!this.#config.signIn) {
      this.signOut('Your session has expired. Your drafts are saved.');
      return;
    }
    const { data } = await this.#ask().mutation(SignIn, { userId: person.id });
    if (data?.signIn && this.person.get()?.id === person.id) {
      person.token = data.signIn.token; // the same user: no need to render again
      sessionStorage.setItem(kept, JSON.stringify(person));
    }
  }

  #enter(person: Person): void {
    sessionStorage.setItem(kept, JSON.stringify(person));
    this.ended.set('');
    this.person.set(person);
  }

  #ask(token?: string): Client {
    const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return new Client({ url: this.#config.endpoint, exchanges: [fetchExchange], preferGetMethod: false, fetchOptions: { headers } });
  }
}

function readKept(): Person | undefined {
  const json = sessionStorage.getItem(kept);
  return json === null ? undefined : (JSON.parse(json) as Person);
}
