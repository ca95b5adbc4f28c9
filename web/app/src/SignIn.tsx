import { type FormEvent, useState } from 'react';
import { Client, fetchExchange } from 'urql';
import { inWords } from './errors';
import { me, signIn } from './operations';
import type { Session } from './session';

const known = [['alice', 'Alice'], ['bob', 'Bob'], ['carol', 'Carol']] as const;

interface Props {
  development: boolean;
  problem: string;
  enter: (session: Session) => void;
}

/** SignIn asks who this tab is: anybody in development, else who has a token. */
export function SignIn({ development, problem: before, enter }: Props) {
  const [problem, setProblem] = useState(before);
  const [text, setText] = useState('');

  const ask = (token?: string) => new Client({
    url: '/graphql', exchanges: [fetchExchange], preferGetMethod: false,
    fetchOptions: token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  });

  async function as(userId: string, nickName?: string) {
    const { data, error } = await ask().mutation(signIn, { userId, nickName });
    if (data?.signIn) enter({ token: data.signIn.token, id: data.signIn.user.id, name: data.signIn.user.nickName });
    else setProblem(error ? inWords(error) : 'You cannot sign in.');
  }

  async function withToken(token: string) {
    const { data, error } = await ask(token).query(me, {});
    if (data) enter({ token, id: data.me.id, name: data.me.nickName });
    else setProblem(error ? inWords(error) : 'You cannot sign in.');
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    const value = text.trim();
    if (value !== '') void (development ? as(value) : withToken(value));
  }

  return (
    <main className="sign-in">
      <h1>Parley</h1>
      <p>{development ? 'Who are you? Each tab may be somebody else.' : 'Sign in with a token of your application.'}</p>
      {development && (
        <div className="people" role="group" aria-label="Known people">
          {known.map(([id, name]) => <button key={id} type="button" onClick={() => void as(id, name)}>{name}</button>)}
        </div>
      )}
      <form onSubmit={submit}>
        <label htmlFor="who">{development ? 'Somebody else, by id' : 'Token'}</label>
        <input id="who" value={text} onChange={(e) => setText(e.target.value)} autoComplete="off" spellCheck={false} />
        <button type="submit">Sign in</button>
      </form>
      <p role="alert" className="problem">{problem}</p>
    </main>
  );
}
