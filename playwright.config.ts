import { defineConfig } from '@playwright/test';
import { findChromium } from './e2e/browser.ts';

// The built page, under a path of its own: it must run from any folder of any static host.
const ADDRESS = 'http://localhost:4317/some/where/lab/';

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  timeout: 600_000,
  expect: { timeout: 60_000 },
  workers: 1,
  reporter: [['list'], ['json', { outputFile: '.cache/e2e.json' }]],
  use: {
    baseURL: ADDRESS,
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: findChromium(),
      args: [
        '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
        // WebGPU in software, for the tests that ask for it
        '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader',
      ],
    },
  },
  webServer: {
    command: 'npx vite preview --port 4317 --strictPort --base /some/where/lab/',
    url: ADDRESS,
    reuseExistingServer: false,
  },
});
