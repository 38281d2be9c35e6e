/** Starts the processes of the tests of two processes, and reads what they wrote. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { RingReader } from '../src/index.ts'
import type { LoadCheck } from './ring-support.ts'

export const writerProgram = fileURLToPath(new URL('./ring-writer-child.ts', import.meta.url))
export const readerProgram = fileURLToPath(new URL('./ring-reader-child.ts', import.meta.url))
export const loadSource = fileURLToPath(new URL('./ring-load.c', import.meta.url))
export const exampleDirectory = join(import.meta.dirname, '../../../examples/ring-writer-c')

export type Running = {
  readonly child: ChildProcess
  readonly lines: string[]
  readonly ready: Promise<void>
  readonly ended: Promise<number | null>
  kill(): Promise<void>
}

/** Starts a program; `ready` resolves with its first line, `lines` has all that are whole. */
export function start(t: TestContext, command: string, args: readonly string[]): Running {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
    if (lines.length > 0) resolve()
  })
  const ended = once(child, 'close').then(([code]) => {
    reject(new Error(`${command} ${args[0]} ended with ${code} before it was ready`))
    return code as number | null
  })
  ready.catch(() => undefined)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  t.after(kill)
  return { child, lines, ready, ended, kill }
}

/** Reads, checks and releases until the writer has ended and nothing is left. */
export async function drain(reader: RingReader, check: LoadCheck, writer: Running): Promise<number | null> {
  let code: number | null | undefined
  writer.ended.then(ended => {
    code = ended
  })
  for (;;) {
    const isLast = code !== undefined
    const slice = reader.read(64 * 1024)
    if (slice) {
      assert.deepEqual(slice.damage, [])
      for (const record of slice.records) check.see(record)
      reader.release(slice.next)
    } else if (isLast) return code!
    await setImmediate()
  }
}

/** The compilers there are. */
export const compilers = ['gcc', 'clang', 'cc'].filter(name => spawnSync(name, ['--version']).status === 0)
export const noCompiler = compilers.length === 0 ? 'there is no C compiler (gcc, clang or cc) on this machine' : false

/** Compiles as the Makefile of the example does; returns the program. */
export function compile(t: Pick<TestContext, 'after'>, compiler: string, source: string, ...flags: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'ring-c-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const program = join(directory, 'program')
  const strict = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-pedantic', `-I${exampleDirectory}`]
  const { status, stderr } = spawnSync(compiler, [...strict, ...flags, '-o', program, source], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return program
}
