import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `npm run dev` serves the app on its own port and proxies GraphQL to a server that runs beside it. */
export default defineConfig({
  base: '/app/',
  plugins: [react()],
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:8080', ws: true } } },
  build: {
    assetsInlineLimit: 0, // the server's policy admits no data: URLs
    modulePreload: { polyfill: false },
  },
});
