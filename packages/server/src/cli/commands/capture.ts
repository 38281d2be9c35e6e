import { type Command, Option } from 'commander'
import type { CaptureConfigOptions } from '../capture/config.ts'
import type { CaptureRunOptions } from '../capture/run.ts'
import type { CaptureStatusOptions } from '../capture/status.ts'
import type { Terminal } from '../terminal.ts'

const examples = {
  all: `
Examples:
  chronicle capture config > ~/.config/chronicle/capture.toml    begin with a file that names every setting
  chronicle capture run                                          runs until Ctrl-C
  chronicle capture status

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
  config: `
Examples:
  chronicle capture config > ~/.config/chronicle/capture.toml
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

function addConfig(add: Add, terminal: Terminal): void {
  add('config', 'Print a configuration file that names every setting, or with --show what holds')
    .option('--show', 'the values in force and where they came from')
    .option('--json', 'with --show: as JSON')
    .action(async (options: CaptureConfigOptions) => {
      const { printCaptureConfig } = await import('../capture/config.ts')
      printCaptureConfig(terminal, options)
    })
}
