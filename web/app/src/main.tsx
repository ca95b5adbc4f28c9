import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Chat } from './Chat';
import { load, save, type Session } from './session';
import { SignIn } from './SignIn';
import './style.css';

interface Config {
  /** signIn: the server lets anybody sign in as anyone, in development. */
  signIn: boolean;
}

const root = document.getElementById('app')!;
const text = root.dataset.config ?? '';
const config: Config = text.startsWith('{"') ? (JSON.parse(text) as Config) : { signIn: true };

function App() {
  const [session, setSession] = useState<Session | undefined>(load);
  const [problem, setProblem] = useState('');
  const enter = (next: Session | undefined, why = '') => {
    save(next);
    setSession(next);
    setProblem(why);
  };
  if (session === undefined) return <SignIn development={config.signIn} problem={problem} enter={enter} />;
  return <Chat key={session.token} session={session} leave={(why) => enter(undefined, why)} />;
}

createRoot(root).render(<StrictMode><App /></StrictMode>);
