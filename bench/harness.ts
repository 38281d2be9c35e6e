/** How a benchmark is declared, repeated and judged. */

/** Least or most that meets a target: of the ratio to the peer, or of our own figure. */
export type Target = {
  readonly bound: 'at least' | 'at most'
  readonly value: number
  readonly of: 'ratio' | 'figure'
}

export type Figure = { readonly value: number; readonly unit: string }

/** One line of the result. `ratio` is the median over rounds of ours / peer, each pair measured back to back. */
export type Row = {
  readonly what: string
  readonly ours?: Figure
  readonly peer?: Figure & { readonly name: string }
  readonly ratio?: number
  readonly target?: Target
  /** Why nothing could be measured; everything but `what` and `target` is left out then. */
  readonly skipped?: string
  /** Spread of the ratio or of the figure over the rounds, for judging the noise. */
  readonly spread?: readonly [least: number, most: number]
}

export type Verdict = 'met' | 'missed' | 'skipped' | ''

export function verdictOf(row: Row): Verdict {
  if (row.skipped !== undefined) return 'skipped'
  if (row.target === undefined) return ''
  const judged = row.target.of === 'ratio' ? row.ratio : row.ours?.value
  if (judged === undefined) return ''
  const met = row.target.bound === 'at least' ? judged >= row.target.value : judged <= row.target.value
  return met ? 'met' : 'missed'
}

/** A peer cannot be had on this machine: its benchmark is skipped, which is no failure. */
export class PeerMissing extends Error {
  override readonly name = 'PeerMissing'
}

/** Runs `work`; where it fails, `what` is what this machine lacks. */
export async function need<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const words = cause instanceof Error ? cause.message.split('\n', 2).join(' ') : String(cause)
    throw new PeerMissing(`${what} is needed for this and did not work: ${words}`)
  }
}

export type Context = {
  readonly benchmark: string
  /** Length of one measured round of one side. */
  readonly secondsPerRound: number
  readonly rounds: number
  /** An empty directory of this benchmark's own on the disk under test, removed afterwards. */
  readonly directory: string
  /** Brokers leave a profile of their processor time here when they stop; profiling itself costs them some of it. */
  readonly profileDirectory?: string
  /** Says what is being done, on the progress line. */
  progress(doing: string): void
}

export type Benchmark = {
  readonly name: string
  readonly about: string
  run(context: Context): Promise<Row[]>
}

/**
 * Measures every side once a round, in turn, each second round in reverse order: what drifts on the machine hits all sides
 * alike. Returns the figures of each side by round.
 */
export async function alternate<Side extends string>(
  context: Context,
  sides: Readonly<Record<Side, () => Promise<number>>>,
): Promise<Record<Side, number[]>> {
  const names = Object.keys(sides) as Side[]
  const figures = Object.fromEntries(names.map(name => [name, [] as number[]])) as Record<Side, number[]>
  for (let round = 0; round < context.rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      context.progress(`round ${round + 1} of ${context.rounds}: ${name}`)
      figures[name].push(await sides[name]())
    }
  }
  return figures
}

export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The value below or at which `percent` of `values` lie (nearest rank, lower). NaN when there are none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.floor(((sorted.length - 1) * percent) / 100)] ?? Number.NaN
}

/** A row out of two sides measured in the same rounds. */
export function compare(options: {
  what: string
  unit: string
  ours: readonly number[]
  peer: readonly number[]
  peerName: string
  peerUnit?: string
  target?: Target
}): Row {
  const ratios = options.ours.map((ours, round) => ours / options.peer[round]!)
  return {
    what: options.what,
    ours: { value: median(options.ours), unit: options.unit },
    peer: { value: median(options.peer), unit: options.peerUnit ?? options.unit, name: options.peerName },
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    ...(options.target && { target: options.target }),
  }
}

/** A row of one side alone, judged by its own figure. */
export function single(what: string, values: readonly number[], unit: string, target?: Target): Row {
  return {
    what,
    ours: { value: median(values), unit },
    ...(values.length > 1 && { spread: [Math.min(...values), Math.max(...values)] as const }),
    ...(target && { target }),
  }
}

export const ratioAtLeast = (value: number): Target => ({ bound: 'at least', value, of: 'ratio' })
export const ratioAtMost = (value: number): Target => ({ bound: 'at most', value, of: 'ratio' })
export const atLeast = (value: number): Target => ({ bound: 'at least', value, of: 'figure' })
export const atMost = (value: number): Target => ({ bound: 'at most', value, of: 'figure' })

export const megabyte = 1_000_000
export const kibibyte = 1024
export const mebibyte = 1024 * kibibyte
