import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseTime } from '../archive/time.ts'
import { wholeNumber } from '../bootstrap.ts'
import type { CaptureConfigOptions } from '../capture/config.ts'
import type { CaptureExportOptions } from '../capture/export.ts'
import { aggregateSpans, exportFormats, exportKinds, windowStates } from '../capture/names.ts'
import type { CaptureRunOptions } from '../capture/run.ts'
import type { CaptureStatusOptions } from '../capture/status.ts'
import type { WindowsOptions } from '../capture/windows.ts'
import type { Terminal } from '../terminal.ts'

const windowsShown = 20
const windowsShownMax = 10_000

const examples = {
  all: `
Examples:
  chronicle capture config > capture.toml                        a file that names every setting, for --config
  chronicle capture run                                          runs until Ctrl-C
  chronicle capture status
  chronicle capture windows --since 2h                           when there was how much, and what became of it
  chronicle capture export --from -1d --output day.ndjson        events as lines of JSON

Settings come from --config, CHRONICLE_CAPTURE_CONFIG or ~/.config/chronicle/capture.toml; variables win over the file.`,
  run: `
Events are read from the topic raw-events, stored, and each window of 30 s goes to the topic event-batches. Programs publish and subscribe
with @chronicle/capture; the pixels of a screenshot are to be had on this machine alone, from the socket beside the database, until the
analysis answers or their time is over. A broker that is not there yet is waited for.

SIGTERM and Ctrl-C store what was received and destroy every screenshot; a second one ends at once.

Examples:
  chronicle capture run
  chronicle capture run --database ~/work.db --bootstrap localhost:9093
  CHRONICLE_CAPTURE_METRICS_PORT=9464 chronicle capture run      with /metrics and /health on 127.0.0.1`,
  status: `
Asks whatever works on the database: 'chronicle capture run', or a program that embeds @chronicle/capture.

Exit code 0: it works; 1: something fails, or nothing runs.

Examples:
  chronicle capture status
  chronicle capture status --json | jq .metrics.events
  chronicle capture status > /dev/null || echo look at it`,
  windows: `
The picture shows events over time (UTC), the table the newest windows: keys, clicks, idle and screenshots are counted when a window
is built. It reads the database beside whatever writes it, changes nothing, and needs no key.

Examples:
  chronicle capture windows
  chronicle capture windows --since 2h --limit 200
  chronicle capture windows --since 2026-11-20 --until 2026-11-20 --session 6fa459ea
  chronicle capture windows --state built                        what the analysis has not taken yet
  chronicle capture windows --json | jq '.[] | select(.late_events > 0)'`,
  export: `
events       id, timestamp, session_id, event_type, data, late, window_start; in the order of their times
windows      their state, counts and aggregates
aggregates   sums of each minute, hour or day (--by), of windows that are built
screenshots  what is kept of each for ever, with program and title; never the image

It reads the database beside whatever writes it, and opens what is sealed with the keys beside it, whose use their audit log records.
What comes out is private and in the clear: a file is for its owner alone (mode 0600), and gets its name when it is whole. In CSV,
objects are JSON text, and titles are whatever programs wrote there: import them as text.

Exit code 0: all was read; 1: something is damaged and was left out, which is said, or it failed.

Examples:
  chronicle capture export --from 2026-11-20 --to 2026-11-20 --output day.ndjson
  chronicle capture export --from -1h --type keystroke --type mouse_click | jq -c .data
  chronicle capture export --what aggregates --by day --format csv --output days.csv
  chronicle capture export --what screenshots --session 6fa459ea | jq .window_title`,
  config: `
Examples:
  chronicle capture config > capture.toml                        for 'chronicle capture run --config capture.toml'
  chronicle capture config --show
  chronicle capture config --show --json | jq .`,
}

/** `capture run|status|config`. */
export function addCapture(program: Command, terminal: Terminal): void {
  const capture = program
    .command('capture')
    .description('Store what a person does at a computer in windows of 30 seconds, with screenshots that do not stay')
    .helpCommand(false)
    .addHelpText('after', examples.all)
  const add: Add = (name, description) =>
    capture
      .command(name)
      .description(description)
      .addOption(new Option('--config <file>', 'TOML file with settings'))
      .addOption(new Option('--database <file>', 'database of capture (~/.chronicle/capture.db)'))
      .addHelpText('after', examples[name])
  addRunning(add, terminal)
  addReading(add, terminal)
  addConfig(add, terminal)
}

type Add = (name: Exclude<keyof typeof examples, 'all'>, description: string) => Command

function addRunning(add: Add, terminal: Terminal): void {
  add('run', 'Run until stopped: events come from a topic, batches go to another')
    .addOption(
      new Option('--bootstrap <host:port>', 'brokers of the topics, with commas between them (127.0.0.1:9092)'),
    )
    .action(async (options: CaptureRunOptions) => {
      const { runCapture } = await import('../capture/run.ts')
      // Everything is stopped and stored: a handle that something left open shall not hold the process.
      process.exit(await runCapture(terminal, options))
    })
  add('status', 'Show what the capture of a database does, and whether it is well')
    .option('--json', 'as JSON')
    .action(async (options: CaptureStatusOptions) => {
      const { captureStatus } = await import('../capture/status.ts')
      process.exitCode = await captureStatus(terminal, options)
    })
}

function addReading(add: Add, terminal: Terminal): void {
  add('windows', 'Show what was captured: a picture of activity, and the newest windows')
    .option(
      '--since <time>',
      'windows that end after this time: 2h before now, 2026-11-20 or 2026-11-20T10:00:00Z',
      parseTime,
    )
    .option('--until <time>', 'windows that begin before this time; of a day, before its end (UTC)', parseTime)
    .option('--session <id>', 'only those of this session; the beginning of its id will do', sessionId)
    .addOption(new Option('--state <state>', 'only those in this state').choices(windowStates))
    .option('--limit <n>', 'as many in the table', wholeNumber(1, windowsShownMax), windowsShown)
    .option('--json', 'as JSON')
    .action(async (options: WindowsOptions) => (await import('../capture/windows.ts')).showWindows(terminal, options))
  add('export', 'Write what was captured as lines of JSON or as CSV')
    .addOption(new Option('--what <what>', 'what is written').choices(exportKinds).default('events'))
    .option('--from <time>', 'from this time on: 2026-11-20, 2026-11-20T10:00:00Z, or -2h before now', parseTime)
    .option('--to <time>', 'before this time; of a day, up to its end (UTC)', parseTime)
    .option('--session <id>', 'only of this session; the beginning of its id will do', sessionId)
    .option('--type <type>', 'only events of this type; may be given again', (text, before: string[] = []) => [
      ...before,
      text,
    ])
    .addOption(new Option('--by <span>', 'with --what aggregates: sums of each (hour)').choices(aggregateSpans))
    .addOption(new Option('--format <format>', 'form of the lines').choices(exportFormats).default('ndjson'))
    .option('-o, --output <file>', 'write them to a file rather than to standard output')
    .option('--force', 'replace the file if it is there')
    .action(async (options: CaptureExportOptions) => {
      const { exportCapture } = await import('../capture/export.ts')
      process.exitCode = await exportCapture(terminal, options)
    })
}

/** A UUID, or its first digits as tables show them. */
function sessionId(text: string): string {
  if (/^[0-9a-f][0-9a-f-]{3,35}$/i.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('Accepted: a UUID, or at least its first four characters.')
}

function addConfig(add: Add, terminal: Terminal): void {
  add('config', 'Print a configuration file that names every setting, or with --show what holds')
    .option('--show', 'the values in force and where they came from')
    .option('--json', 'with --show: as JSON')
    .action(async (options: CaptureConfigOptions) => {
      const { printCaptureConfig } = await import('../capture/config.ts')
      printCaptureConfig(terminal, options)
    })
}
