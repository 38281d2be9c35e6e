/**
 * `npm run bench [-- NAME…] [--seconds N] [--json]`: measures Chronicle beside named peers in the same run. `--profile DIR`
 * also leaves processor profiles of our brokers there and prints their top functions (the figures are slower then).
 * Method, machine and results: docs/PERFORMANCE.md.
 */
import { globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Benchmark, PeerMissing, type Row } from './harness.ts'
import { othersShare, processorTime } from './processes.ts'
import { profileTable } from './profile.ts'
import { describeMachine, type Section, summary, table } from './report.ts'
import { suite } from './suite/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '1.5' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    directory: { type: 'string', default: os.tmpdir() },
    profile: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (values.help || values.list) {
  console.log(usage())
} else {
  await main()
}

async function main(): Promise<void> {
  const chosen = choose(positionals)
  // Leaves by way of 'exit', where processes are ended and directories removed.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const machine = describeMachine()
  const root = path.join(values.directory, 'chronicle-bench-')
  mkdirSync(values.directory, { recursive: true })
  const sections: Section[] = []
  for (const benchmark of chosen) {
    const directory = mkdtempSync(root)
    const remove = (): void => rmSync(directory, { recursive: true, force: true })
    process.once('exit', remove)
    sections.push(await runOne(benchmark, directory))
    process.off('exit', remove)
    remove()
    if (!values.json) console.log(`${table(sections.at(-1)!)}\n`)
  }
  if (values.profile !== undefined) {
    for (const file of globSync(path.join(values.profile, '*.cpuprofile'))) console.error(profileTable(file, 20))
  }
  if (values.json) console.log(JSON.stringify({ machine, sections }, undefined, 2))
  else console.log(`${summary(sections)}; ${JSON.stringify(machine)}`)
}

async function runOne(benchmark: Benchmark, directory: string): Promise<Section> {
  const { name, about } = benchmark
  const started = performance.now()
  const before = processorTime()
  const context = {
    secondsPerRound: positive('seconds', values.seconds),
    rounds: positive('rounds', values.rounds),
    benchmark: name,
    directory,
    ...(values.profile !== undefined && { profileDirectory: path.resolve(values.profile) }),
    progress: (doing: string) => progress(`${name}: ${doing}`),
  }
  let rows: Row[]
  try {
    rows = await benchmark.run(context)
  } catch (error) {
    // One benchmark that cannot run must not cost the others; the line says so and, unless a peer is missing, the exit code too.
    if (!(error instanceof PeerMissing)) process.exitCode = 1
    rows = [{ what: name, skipped: error instanceof Error ? error.message : String(error) }]
  }
  progress('')
  const seconds = (performance.now() - started) / 1000
  return { name, about, seconds, othersShare: othersShare(before, processorTime()), rows }
}

function choose(names: readonly string[]): readonly Benchmark[] {
  const unknown = names.find(name => !suite.some(benchmark => benchmark.name === name))
  if (unknown === undefined) return names.length === 0 ? suite : suite.filter(({ name }) => names.includes(name))
  console.error(`There is no benchmark "${unknown}".\n${usage()}`)
  process.exit(2)
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (value > 0) return value
  console.error(`--${name} takes a number above 0, got "${text}".`)
  process.exit(2)
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  else if (text !== '') process.stderr.write(`${text}\n`)
}

function usage(): string {
  const names = suite.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')
  return `npm run bench -- [NAME…] [--seconds N] [--rounds N] [--directory DIR] [--profile DIR] [--json]\n${names}`
}
