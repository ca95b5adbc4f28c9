import { StrictMode, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { connect } from './client';
import { Rooms } from './rooms';

function App() {
  const [userId, setUserId] = useState('');
  const client = useMemo(() => (userId ? connect(userId) : undefined), [userId]);
  if (client) {
    return <Provider value={client}><Rooms /></Provider>;
  }
  return (
    <form action={(form) => setUserId(String(form.get('user')))}>
      <label>User <input name="user" required /></label> <button>Sign in</button>
    </form>
  );
}

createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>);
