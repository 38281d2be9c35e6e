/** What other ecosystems' clients need, fetched by their own tools into `e2e/.cache`, once. */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export const cache = join(import.meta.dirname, '../.cache')

const patienceMs = 300_000

/** Why `program` cannot be used, or undefined: `probe` are arguments with which it succeeds. */
export function missingProgram(program: string, probe: readonly string[], hint: string): string | undefined {
  return spawnSync(program, probe).status === 0 ? undefined : `${program} is not installed: ${hint}`
}

/** Runs a command to its end and returns what it printed. */
export function run(program: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    timeout: patienceMs,
    ...options,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}${stderr}`)
  return String(stdout)
}

/** Runs `make` unless what it made the last time came from the same text of `recipe`. Of test files that want the same thing at once, one makes it. */
export function onceFor(recipe: string, made: string, make: () => void): void {
  const stamp = `${made}.made-from`
  const text = readFileSync(recipe, 'utf8')
  mkdirSync(cache, { recursive: true })
  const lock = new DatabaseSync(`${made}.lock`, { timeout: patienceMs })
  try {
    lock.exec('PRAGMA journal_mode = MEMORY')
    lock.exec('BEGIN EXCLUSIVE')
    if (existsSync(made) && existsSync(stamp) && readFileSync(stamp, 'utf8') === text) return
    make()
    writeFileSync(stamp, text)
  } finally {
    lock.close()
  }
}
