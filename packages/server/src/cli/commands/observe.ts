import { type Command, Option } from 'commander'
import { urlOption } from '../api-client.ts'
import { type GivenTime, parseTime } from '../archive/time.ts'
import { wholeNumber } from '../bootstrap.ts'
import type { AgentsOptions } from '../observe/agents.ts'
import type { LetterOptions, LettersOptions, ReplayOptions } from '../observe/letters.ts'
import type { TablesReplayOptions } from '../observe/replay.ts'
import type { SendOptions } from '../observe/send.ts'
import type { StatusOptions } from '../observe/status.ts'
import { traceStatuses } from '../observe/status-style.ts'
import type { TailOptions } from '../observe/tail.ts'
import type { TraceOptions } from '../observe/trace.ts'
import type { TracesOptions } from '../observe/traces.ts'
import type { Terminal } from '../terminal.ts'

const tracesShown = 20
const tracesShownMax = 10_000
const spansShown = 200
const spansShownMax = 100_000
const lettersShown = 20
const lettersShownMax = 10_000

const examples = {
  all: `
Examples:
  chronicle observe status                    buffer, sources, database, alerts
  chronicle observe traces --status failed
  chronicle observe trace task-4711           drawn from its first event to its last
  chronicle observe tail --type 'task.*'      events as they come
  chronicle observe agents                    what each agent did today
  chronicle observe send < events.jsonl       events in, one JSON object a line
  chronicle observe letters ls                what could not be taken, and why
  chronicle observe replay --dry-run          whether the tables are what the log says

They ask a running server over HTTP; the guide is docs/OBSERVE.md.`,
  status: `
Exit code 0: all is well; 1: an alert stands or something does not work, or nobody answers.

Examples:
  chronicle observe status
  chronicle observe status --json | jq .buffer_size
  chronicle observe status > /dev/null || echo look at it`,
  traces: `
Examples:
  chronicle observe traces
  chronicle observe traces --status failed --since -2h --limit 100
  chronicle observe traces --agent kai --json | jq -r '.[].trace_id'`,
  trace: `
A state is drawn from its sign on (●━━━, ✓ completed, ✗ failed, ! timed out), a span that knows its length from end to end (├──┤), any
other event as a dot. Events of the lifecycle that did not fit the state of the trace are marked: (out of order).

Examples:
  chronicle observe trace task-4711
  chronicle observe trace task-4711 --spans 1000 | less
  chronicle observe trace task-4711 --json | jq '.spans[].event_type'`,
  tail: `
Events are shown when they are in the tables. A lost connection is made again and says so; Ctrl-C ends.

Examples:
  chronicle observe tail
  chronicle observe tail --type 'task.*' --source dispatch
  chronicle observe tail --trace task-4711 --json | jq .metadata`,
  agents: `
Examples:
  chronicle observe agents
  chronicle observe agents --json | jq '.[] | select(.tasks_failed > 0)'`,
  agent: `
Examples:
  chronicle observe agent kai
  chronicle observe agent kai --json | jq .p95_duration_ms`,
  send: `
Each line is one event: trace_id and event_type are needed; event_id, source, timestamp and metadata may be left out. An event
without an event_id gets one before it is sent, so that sending it again after a lost connection changes nothing. Lines that
are refused are told by their number, and the others are taken; while the server has no room it is waited for.

Exit code 0: all lines were taken, durably; 1: some were refused, or sending failed.

Examples:
  chronicle observe send < events.jsonl
  echo '{"trace_id":"t1","event_type":"task.created","metadata":{"title":"first"}}' | chronicle observe send
  jq -c '.[]' events.json | chronicle observe send --json`,
  replay: `
The server makes all tables anew from its log, beside those in force, which go on taking events. What the log does not hold any more is
carried over from the tables. Then both are compared, and the rebuilt ones take their place, all at once, when you agree. Ctrl-C
ends the rebuild and leaves the tables as they were.

Exit code 0: the tables are right now; 1: they are not.

Examples:
  chronicle observe replay --from beginning     shows what differs, and asks
  chronicle observe replay --dry-run            only shows what differs
  chronicle observe replay --from -2h --yes     reads the last two hours of the log, takes everything before from the tables
  chronicle observe replay --dry-run --json | jq '.tables[].different'`,
  letters: `
What could not become an event is kept with the reason until retention removes it (observe.log-retention).

Examples:
  chronicle observe letters ls
  chronicle observe letters show 12             with what came, made harmless for a terminal
  chronicle observe letters show 12 --raw       byte for byte
  chronicle observe letters replay 12 13        taken in again, once the reason is gone`,
}

/** `observe status|traces|trace|tail|agents|agent|send|replay|letters`. */
export function addObserve(program: Command, terminal: Terminal): void {
  const observe = program
    .command('observe')
    .description('Watch a swarm: traces, agents, live events, dead letters; send events')
    .helpCommand(false)
    .addHelpText('after', examples.all)
  const add = (name: Exclude<keyof typeof examples, 'all' | 'letters'>, description: string): Command =>
    observe
      .command(name)
      .description(description)
      .addOption(urlOption())
      .option('--json', 'as JSON')
      .addHelpText('after', examples[name])
  addLooks(add, terminal)
  addStreams(add, terminal)
  addReplay(add, terminal)
  addLetters(observe, terminal)
}

type Add = (name: Exclude<keyof typeof examples, 'all' | 'letters'>, description: string) => Command

function addLooks(add: Add, terminal: Terminal): void {
  add('status', 'How observe is: what waits for the tables, sources, database, alerts').action(
    async (options: StatusOptions) => {
      const { showStatus } = await import('../observe/status.ts')
      process.exitCode = await showStatus(terminal, options)
    },
  )
  add('traces', 'List the newest traces')
    .addOption(new Option('--status <status>', 'only those with this status').choices(traceStatuses))
    .option('--agent <agent>', 'only those assigned to this agent')
    .option('--owner <owner>', 'only those of this owner')
    .option(
      '--since <time>',
      'only those that began at this time or later: 2026-11-20, 2026-11-20T10:00:00Z or -2h',
      parseTime,
    )
    .option('--until <time>', 'only those that began before this; of a day, before its end (UTC)', parseTime)
    .option('--limit <n>', 'as many', wholeNumber(1, tracesShownMax), tracesShown)
    .action(async (options: TracesOptions) => (await import('../observe/traces.ts')).listTraces(terminal, options))
  add('trace', 'Show a trace as a picture of its events in time')
    .argument('<trace>', 'id of the trace')
    .option('--spans <n>', 'events that are drawn at most', wholeNumber(1, spansShownMax), spansShown)
    .action(async (id: string, options: TraceOptions) =>
      (await import('../observe/trace.ts')).showTrace(terminal, id, options),
    )
  add('agents', 'Show what each agent did today (UTC)')
    .option('--day <date>', 'on this day, such as 2026-11-20 (UTC)')
    .action(async (options: AgentsOptions & { day?: string }) =>
      (await import('../observe/agents.ts')).listAgents(terminal, options),
    )
  add('agent', 'Show the newest day of an agent')
    .argument('<agent>', 'id of the agent')
    .action(async (id: string, options: AgentsOptions) =>
      (await import('../observe/agents.ts')).showAgent(terminal, id, options),
    )
}

function addStreams(add: Add, terminal: Terminal): void {
  add('tail', 'Show events as they come')
    .option('--trace <trace>', 'only those of this trace')
    .option('--type <type>', "only those of this type; 'task.*' is all that begin with task.")
    .option('--source <source>', 'only those of this source')
    .action(async (options: TailOptions) => (await import('../observe/tail.ts')).tail(terminal, options))
  add('send', 'Send events from standard input, one JSON object a line').action(async (options: SendOptions) => {
    const { send } = await import('../observe/send.ts')
    process.exitCode = await send(terminal, options)
  })
}

function addReplay(add: Add, terminal: Terminal): void {
  add('replay', 'Rebuild all tables from the log, compare them with those in force, and replace these')
    .option(
      '--from <time>',
      'read the log from here on: beginning, or a time such as 2026-11-20T12:00:00Z or -2h',
      replayFrom,
    )
    .addOption(new Option('--dry-run', 'compare, and replace nothing').conflicts('yes'))
    .option('-y, --yes', 'replace the tables without asking, if anything differs')
    .option('--drop-old', 'do not keep the tables that are replaced (for seven days)')
    .option('--cancel', 'end the rebuild that runs')
    .action(async (options: TablesReplayOptions) => {
      const { replayTables } = await import('../observe/replay.ts')
      process.exitCode = await replayTables(terminal, options)
    })
}

function replayFrom(text: string): GivenTime | 'beginning' {
  return text === 'beginning' ? text : parseTime(text)
}

function addLetters(observe: Command, terminal: Terminal): void {
  const letters = observe
    .command('letters')
    .description('Look after the dead letters: events that could not be taken')
    .helpCommand(false)
    .addHelpText('afterAll', examples.letters)
  const add = (name: string, description: string): Command =>
    letters.command(name).description(description).addOption(urlOption()).option('--json', 'as JSON')
  const offset = wholeNumber(0)

  add('ls', 'List them, the newest first, without what came')
    .option('--reason <reason>', 'only those with this reason, such as missing-trace-id')
    .option('--limit <n>', 'as many', wholeNumber(1, lettersShownMax), lettersShown)
    .action(async (options: LettersOptions) => (await import('../observe/letters.ts')).listLetters(terminal, options))
  add('show', 'Show one with what came')
    .argument('<offset>', 'offset of the letter, as ls shows it', offset)
    .option('--raw', 'only what came, byte for byte')
    .action(async (at: number, options: LetterOptions) =>
      (await import('../observe/letters.ts')).showLetter(terminal, at, options),
    )
  add('replay', 'Take them in again; the letters stay')
    .argument('<offset...>', 'offsets of the letters', (text, before: number[] | undefined) => [
      ...(before ?? []),
      offset(text),
    ])
    .action(async (offsets: number[], options: ReplayOptions) => {
      const { replayLetters } = await import('../observe/letters.ts')
      process.exitCode = await replayLetters(terminal, offsets, options)
    })
}
