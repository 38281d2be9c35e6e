/** The judge of `tlog/`, a program in Go: other people's implementations of notes, trees, tiles and proofs. */
import { join } from 'node:path'
import { cache, missingProgram, run } from './toolchain.ts'

const sources = join(import.meta.dirname, 'tlog')
const program = join(cache, 'tlog-judge')
const answerBytesMax = 256 << 20

/** Something that the judge is asked to believe. Bytes travel as base64. */
export type Claim = { readonly note?: string; readonly key?: string; readonly witnessKeys?: readonly string[] } & (
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'tiles'; readonly directory: string }
  | { readonly kind: 'proof'; readonly leaf: string }
  | {
      readonly kind: 'inclusion'
      readonly size: number
      readonly root: string
      readonly index: number
      readonly leaf: string
      readonly hashes: readonly string[]
    }
  | {
      readonly kind: 'consistency'
      readonly size: number
      readonly root: string
      readonly oldSize: number
      readonly oldRoot: string
      readonly hashes: readonly string[]
    }
)

/** A log that the judge made, as JSON: bytes are base64. Leaf n is the SHA-256 of n in eight bytes. */
export type MadeLog = {
  readonly key: string
  readonly witnessKey: string
  readonly checkpoint: string
  readonly proofs: readonly { readonly index: number; readonly file: string }[]
  readonly consistency: readonly {
    readonly oldSize: number
    readonly oldRoot: string
    readonly hashes: readonly string[]
  }[]
}

/** Why there is no judge on this machine. */
export function missingJudge(): string | undefined {
  return missingProgram('go', ['version'], 'install Go')
}

/** Go's own cache knows when there is nothing to do. */
export function buildJudge(): void {
  run('go', ['build', '-o', program, '.'], { cwd: sources })
}

/** What is wrong with each claim: '' where the judge believes it. */
export function judge(claims: readonly Claim[]): string[] {
  return JSON.parse(run(program, ['claims'], { input: JSON.stringify(claims), maxBuffer: answerBytesMax }))
}

export function makeLog(directory: string, size: number): MadeLog {
  return JSON.parse(run(program, ['make', directory, String(size)], { maxBuffer: answerBytesMax }))
}

/** Arguments with which the judge has Tessera run a log. */
export function logCommand(directory: string, policy: string, secret: string): [string, string[]] {
  return [program, ['log', directory, policy, secret]]
}

/** Arguments with which the judge is a witness of a log: it prints its URL, and ends with its input. */
export function witnessCommand(secret: string, logVkey: string): [string, string[]] {
  return [program, ['witness', secret, logVkey]]
}
