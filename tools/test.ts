/**
 * Runs the tests: `npm test`, `npm test -- PATTERN…` (files whose path contains a pattern), `npm run test:interop`.
 * Exits as the test runner does: 0 only when every test passed.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [suite, patterns] =
  process.argv[2] === 'interop' ? ['interop', process.argv.slice(3)] : ['unit', process.argv.slice(2)]

const globs =
  suite === 'interop'
    ? ['e2e/interop/*.test.ts']
    : ['packages/*/test/**/*.test.ts', 'tools/test/*.test.ts', 'bench/test/*.test.ts', 'e2e/*.test.ts']

/** A test that hangs is ended and reported after this long; the slowest one takes about a third of it. */
const testTimeoutMs = 300_000
/** One more than the smallest machine has cores: many tests wait for processes, timers and disks. */
const filesAtOnce = 3
/** Where the product keeps its compiled code too. A test file and the programs that it starts load hundreds of modules, most of them the same. */
const compiledCode = fileURLToPath(new URL('../node_modules/.cache/chronicle', import.meta.url))
/** kafkajs asks for timers in the past and means it. */
const nodeOptions = `${process.env.NODE_OPTIONS ?? ''} --disable-warning=TimeoutNegativeWarning`.trim()

const files = globSync(globs)
  .sort()
  .filter(file => patterns.length === 0 || patterns.some(pattern => file.includes(pattern)))
if (files.length === 0) {
  console.error(`no test file's path contains ${patterns.join(' or ')}`)
  process.exit(1)
}
const runner = spawn(
  process.execPath,
  [
    '--test',
    `--test-concurrency=${filesAtOnce}`,
    `--test-timeout=${testTimeoutMs}`,
    `--test-reporter=${new URL('./reporter.ts', import.meta.url).href}`,
    ...files,
  ],
  { stdio: 'inherit', env: { NODE_COMPILE_CACHE: compiledCode, ...process.env, NODE_OPTIONS: nodeOptions } },
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal))
runner.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1)
})
