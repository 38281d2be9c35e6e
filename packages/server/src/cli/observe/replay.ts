import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '@chronicle/base'
import { serverErrors } from '../../errors.ts'
import { ApiClient, type UrlOptions } from '../api-client.ts'
import { type GivenTime, rangeOf } from '../archive/time.ts'
import { confirm } from '../ask.ts'
import { plural, printable, printableJson } from '../format.ts'
import { interruption } from '../interrupted.ts'
import { Progress } from '../progress.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { printComparison, type ShownTable } from './replay-comparison.ts'

export type TablesReplayOptions = UrlOptions & {
  readonly from?: GivenTime | 'beginning'
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly dropOld?: boolean
  readonly cancel?: boolean
  readonly json?: boolean
}

/** A rebuild as the server shows it. */
type ShownReplay = {
  readonly state: 'running' | 'waiting' | 'compared' | 'swapped' | 'cancelled' | 'failed'
  readonly step: { readonly name: string; readonly done: number; readonly total?: number }
  readonly keep_old: boolean
  readonly records_read: number
  readonly events_carried: number
  readonly tables?: readonly ShownTable[]
  readonly error?: { readonly code: string; readonly detail: string; readonly remedy: string }
}

const path = '/observe/replay'
const pollMs = 200
const answerMsMax = 60_000

const steps: Readonly<Record<string, string>> = {
  preparing: 'making the tables',
  reading: 'reading the log',
  carrying: 'carrying over what the log does not hold',
  'catching-up': 'reading what came meanwhile',
  comparing: 'comparing',
  swapping: 'putting the tables in force',
}

/**
 * Has the server rebuild its tables, shows how they differ from those in force, and puts them in force when somebody agrees. Ctrl-C ends the rebuild. Returns the exit code: 0 when the tables are
 * right now, 1 when they are not.
 */
export async function replayTables(terminal: Terminal, options: TablesReplayOptions): Promise<number> {
  const api = new ApiClient(options)
  if (options.cancel) return cancelReplay(terminal, api, options)
  if (!options.dryRun && !options.yes && !terminal.canAsk) {
    const because = 'nobody is there to be asked whether the tables may be replaced'
    throw serverErrors.create('server.invalid-argument', { missing: '--dry-run or --yes', because })
  }
  const replay = new Replay(terminal, api, options, interruption())
  const ended = await replay.run()
  if (options.json) terminal.out(printableJson(ended, 2))
  return ended.state === 'swapped' || (ended.state === 'compared' && replay.isEqual) ? exitCodes.ok : exitCodes.failure
}

async function cancelReplay(terminal: Terminal, api: ApiClient, { json }: TablesReplayOptions): Promise<number> {
  const replay = await api.json<ShownReplay>(path, { method: 'DELETE', signal: AbortSignal.timeout(answerMsMax) })
  if (json) terminal.out(printableJson(replay, 2))
  else if (replay.state === 'running' || replay.state === 'waiting')
    terminal.out('The rebuild ends; the tables stay as they are.')
  else terminal.out(`The last rebuild has ended already: ${replay.state}.`)
  return exitCodes.ok
}

class Replay {
  readonly #terminal: Terminal
  readonly #api: ApiClient
  readonly #options: TablesReplayOptions
  readonly #interrupted: AbortSignal
  #isCompared = false
  isEqual = false

  constructor(terminal: Terminal, api: ApiClient, options: TablesReplayOptions, interrupted: AbortSignal) {
    this.#terminal = terminal
    this.#api = api
    this.#options = options
    this.#interrupted = interrupted
  }

  async run(): Promise<ShownReplay> {
    const { dryRun, yes, dropOld } = this.#options
    const swap = dryRun ? 'never' : yes ? 'always' : 'ask'
    const body = JSON.stringify({ from: fromText(this.#options.from), swap, keep_old: !dropOld })
    await this.#ask('POST', path, { headers: { 'content-type': 'application/json' }, body })
    let replay = await this.#followed()
    if (replay.state === 'waiting') {
      this.#show(replay)
      replay = await this.#decide()
    }
    this.#show(replay)
    this.#tellEnd(replay)
    return replay
  }

  /** Until it waits or has ended; one that is cancelled already, until it has ended. */
  async #followed(wasCancelled = false): Promise<ShownReplay> {
    const progress = new StepProgress(this.#terminal)
    try {
      let isCancelled = wasCancelled
      for (;;) {
        if (this.#interrupted.aborted && !isCancelled) {
          isCancelled = true
          await this.#ask('DELETE', path)
        }
        const replay = await this.#ask('GET', path)
        if (replay.state !== 'running' && !(replay.state === 'waiting' && isCancelled)) return replay
        progress.show(replay)
        await sleep(pollMs)
      }
    } finally {
      progress.clear()
    }
  }

  async #decide(): Promise<ShownReplay> {
    let isMeant = false
    try {
      isMeant = await confirm(this.#terminal, 'Put the rebuilt tables in force?', '--yes')
    } finally {
      // Also when nobody answered.
      await this.#ask(isMeant ? 'POST' : 'DELETE', isMeant ? `${path}/swap` : path)
    }
    return this.#followed(!isMeant)
  }

  #ask(method: string, to: string, init: RequestInit = {}): Promise<ShownReplay> {
    return this.#api.json<ShownReplay>(to, { method, signal: AbortSignal.timeout(answerMsMax), ...init })
  }

  /** Once, when it is there. */
  #show({ tables }: ShownReplay): void {
    if (this.#isCompared || tables === undefined) return
    this.#isCompared = true
    this.isEqual = tables.every(table => table.only_old + table.only_new + table.different === 0)
    if (!this.#options.json) printComparison(this.#terminal, tables)
  }

  #tellEnd({ state, keep_old, records_read, events_carried, error }: ShownReplay): void {
    const read = `${plural(records_read, 'record')} read from the log, ${plural(events_carried, 'event')} carried over.`
    if (state === 'failed') {
      throw serverErrors.create('server.rebuild-failed', {
        code: error?.code,
        reason: error && printable(error.detail),
        advice: error?.remedy,
      })
    }
    this.#terminal.note(
      state === 'cancelled' ? this.#endInWords(state, keep_old) : `${this.#endInWords(state, keep_old)} ${read}`,
    )
  }

  #endInWords(state: ShownReplay['state'], isKept: boolean): string {
    if (state === 'cancelled') return 'Nothing was replaced: the tables are as they were.'
    if (state === 'swapped') {
      const kept = isKept ? ' The replaced ones are kept for seven days in the schema observe_before.' : ''
      return `The rebuilt tables are in force.${kept}`
    }
    return this.isEqual
      ? 'The tables are right; nothing was replaced.'
      : 'The tables differ from what they should be; nothing was replaced.'
  }
}

/** A bar where the end is known, numbers where it is not, and a new one for each step. */
class StepProgress {
  readonly #terminal: Terminal
  #bar: Progress | undefined
  #name = ''
  #done = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show({ step: { name, done, total } }: ShownReplay): void {
    const words = steps[name] ?? printable(name)
    if (total === undefined) {
      this.clear()
      this.#terminal.progress(done === 0 ? words : `${words}: ${plural(done, 'row')}`)
      return
    }
    if (name !== this.#name || this.#bar === undefined || done < this.#done) {
      this.#bar = new Progress(this.#terminal, total, records => `${plural(records, 'record')}, ${words}`)
      this.#name = name
      this.#done = 0
    }
    this.#bar.resize(total)
    this.#bar.add(done - this.#done)
    this.#done = done
  }

  clear(): void {
    this.#terminal.progress('')
    this.#bar = undefined
  }
}

function fromText(from: TablesReplayOptions['from']): string {
  if (from === undefined || from === 'beginning') return 'beginning'
  const { from: ns } = rangeOf({ from }, 'UTC', systemClock.now())
  return new Date(Number(ns! / 1_000_000n)).toISOString()
}
