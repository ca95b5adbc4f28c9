import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// In development `npm run dev` serves the app and hands the API on to a server of Parley.
export default defineConfig({
  base: '/app/',
  plugins: [react()],
  build: { outDir: 'build', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2022' },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:8080', ws: true } } },
});
