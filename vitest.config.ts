import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Real sockets and processes: a stuck test must fail by itself, not hang the run.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
