import './style.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Session } from './api/session';
import { App } from './app';
import { readConfig } from './config';

const config = readConfig();
const session = new Session(config);
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App config={config} session={session} />
    </StrictMode>,
  );
}
