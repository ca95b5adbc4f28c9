import { type FormEvent, useState } from 'react';
import type { Session } from '../api/session';
import { useStore } from '../store';
import { Page } from '../ui/page';

const people = [
  { id: 'alice', nickName: 'Alice' },
  { id: 'bob', nickName: 'Bob' },
  { id: 'carol', nickName: 'Carol' },
] as const;

/** In development mode clients sign in as any user; otherwise the application gives users their tokens. */
export function SignInPage({ session, development }: { session: Session; development: boolean }) {
  const why = useStore(session.ended);
  const [problem, setProblem] = useState('');
  const [name, setName] = useState('');
  const [token, setToken] = useState('');

  async function enter(attempt: Promise<void>): Promise<void> {
    setProblem('');
    try {
      await attempt;
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }

  function enterByName(event: FormEvent): void {
    event.preventDefault();
    void enter(session.signIn(name.trim()));
  }

  function enterByToken(event: FormEvent): void {
    event.preventDefault();
    void enter(session.useToken(token.trim()));
  }

  return (
    <Page title="Sign in">
      <div className="sheet">
        {why && <p className="note">{why}</p>}
        {development && (
          <section aria-labelledby="development">
            <h2 id="development">Development</h2>
            <p>Each window has its own user. Open a second window to chat with yourself.</p>
            <div className="row">
              {people.map(({ id, nickName }) => (
                <button key={id} className="primary" onClick={() => void enter(session.signIn(id, nickName))}>
                  {nickName}
                </button>
              ))}
            </div>
            <form onSubmit={enterByName}>
              <label>
                Another user’s id
                <input value={name} onChange={(event) => setName(event.target.value)} maxLength={128} required autoCapitalize="none" autoComplete="off" />
              </label>
              <button>Sign in</button>
            </form>
          </section>
        )}
        <form onSubmit={enterByToken} aria-label="Token">
          <label>
            A token
            <input value={token} onChange={(event) => setToken(event.target.value)} required autoComplete="off" spellCheck={false} type="password" />
          </label>
          <button>Use the token</button>
        </form>
        {problem && (
          <p role="alert" className="problem">
            {problem}
          </p>
        )}
      </div>
    </Page>
  );
}
