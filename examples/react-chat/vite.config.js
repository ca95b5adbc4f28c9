import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const parley = process.env.CHAT_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  server: { host: '127.0.0.1', proxy: { '/graphql': { target: parley, ws: true } } },
});
