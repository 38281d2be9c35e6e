/** Other implementations of the format that the vault seals in. */
import { join } from 'node:path'
import { interopPython } from './python.ts'
import { cache, missingProgram, onceFor, run } from './toolchain.ts'

/** What another implementation is to do with a message and its context. */
export type Task = { readonly seal: boolean; readonly context: Buffer; readonly bytes: Buffer }

export type Implementation = {
  readonly name: string
  /** Why it cannot be used here. */
  readonly missing: string | undefined
  /** What became of each task; undefined where it was refused. */
  work(key: Buffer, tasks: readonly Task[]): (Buffer | undefined)[]
}

type Result = { readonly bytes: string | null; readonly error?: string }

const outputBytesMax = 64 * 1024 * 1024

/** The chunked encryption of https://c2sp.org/chunked-encryption, written with nothing but Go's standard library. */
export function goSeal(): Implementation {
  const sources = join(import.meta.dirname, 'go')
  const program = join(cache, 'go-seal')
  const missing = missingProgram('go', ['version'], 'install Go')
  const build = () => void run('go', ['build', '-o', program, './seal'], { cwd: sources })
  if (missing === undefined) onceFor(join(sources, 'seal/main.go'), program, build)
  return { name: 'Go', missing, work: (key, tasks) => work([program], key, tasks) }
}

/** The recipe that Python's `cryptography` package has. */
export function pythonSeal(): Implementation {
  const { python, missing } = interopPython('seal')
  const program = join(import.meta.dirname, 'python/seal.py')
  return { name: 'Python cryptography', missing, work: (key, tasks) => work([python, program], key, tasks) }
}

function work([program, ...args]: string[], key: Buffer, tasks: readonly Task[]): (Buffer | undefined)[] {
  const base64 = (bytes: Buffer) => bytes.toString('base64')
  const input = tasks.map(({ seal, context, bytes }) => {
    return { seal, key: base64(key), context: base64(context), bytes: base64(bytes) }
  })
  const output = run(program!, args, { input: JSON.stringify(input), maxBuffer: outputBytesMax })
  const results: Result[] = JSON.parse(output)
  return results.map(({ bytes, error }) => (error === undefined ? Buffer.from(bytes ?? '', 'base64') : undefined))
}
