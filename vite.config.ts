import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** The development server injects inline scripts, which the page's content security policy forbids. */
function relaxedWhileDeveloping(): Plugin {
  return {
    name: 'relaxed-while-developing',
    apply: 'serve',
    transformIndexHtml: (html, { server }) => (server ? html.replace(/<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, '') : html),
  };
}

export default defineConfig({
  base: './',
  plugins: [react(), relaxedWhileDeveloping()],
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    chunkSizeWarningLimit: 2000,
    // what a lazy part needs is fetched with it; naming it all beforehand would weigh on the entry script
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_file, needed, { hostType }) => (hostType === 'html' ? needed : needed.filter((file) => file.endsWith('.css'))),
    },
  },
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], testTimeout: 120_000, maxWorkers: '100%' },
});
