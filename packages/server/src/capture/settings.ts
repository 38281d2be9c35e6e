/** The settings of `chronicle capture`: those of the library, and what the process around it needs besides. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { captureSettings } from '@chronicle/capture'
import {
  declareSettings,
  integer,
  oneOf,
  path,
  type Resolved,
  readConfigFile,
  resolveSettings,
  setting,
  type ValuesOf,
} from '@chronicle/config'
import { otherVariables, settings as serverSettings, variablesOf } from '../settings.ts'

export const captureRunSettings = declareSettings({
  ...captureSettings,
  databasePath: { ...captureSettings.databasePath, flag: '--database' },
  bootstrapServers: { ...captureSettings.bootstrapServers, flag: '--bootstrap' },
  // Who embeds capture has a choice; a process of its own has none.
  bus: setting({
    key: captureSettings.bus.key,
    env: captureSettings.bus.environment,
    type: oneOf('topics'),
    default: 'topics',
    section: captureSettings.bus.section,
    help: 'How events come and batches go: for a process of its own, by topics.',
  }),
  logLevel: serverSettings.logLevel,
  logFormat: serverSettings.logFormat,
  framesRingPath: setting({
    key: 'storage.frames_ring_path',
    env: 'CHRONICLE_CAPTURE_FRAMES_RING_PATH',
    type: path,
    defaultText: 'the ring_buffer.path of the packer',
    section: 'Screenshots',
    help: 'With screenshot_hand_on = "frames": the ring of the packer, which has no other writer. It is made when it is missing. Until they are packed, screenshots lie in it as they are.',
  }),
  metricsPort: setting({
    key: 'storage.metrics_port',
    env: 'CHRONICLE_CAPTURE_METRICS_PORT',
    type: integer({ min: 0, max: 65_535 }),
    default: 0,
    section: 'Bus',
    help: 'TCP port on 127.0.0.1 for /metrics and /health; 0 is none. The socket beside the database has both in any case.',
  }),
})

export type CaptureRunSettings = ValuesOf<typeof captureRunSettings>

/** What every command of capture takes. */
export type CaptureOptions = { readonly config?: string; readonly database?: string; readonly bootstrap?: string }

/** Throws a `config.…` error, or an `AggregateError` of several. */
export function loadCaptureSettings({
  config,
  database,
  bootstrap,
}: CaptureOptions): Resolved<typeof captureRunSettings> {
  const file = captureFile(config)
  return resolveSettings(captureRunSettings, {
    flags: { '--database': database, '--bootstrap': bootstrap },
    environment: withoutPackers(process.env),
    file: file === undefined ? undefined : readConfigFile(file),
    directory: process.cwd(),
    otherVariables: [...otherVariables, ...variablesOfTheServer(), variablesOf.packer, 'CHRONICLE_CAPTURE_CONFIG'],
  })
}

/** The file that is read: the one that was named, or the default if it is there. */
function captureFile(named: string | undefined): string | undefined {
  const file = named ?? (process.env.CHRONICLE_CAPTURE_CONFIG || undefined)
  if (file !== undefined) return file
  const usual = join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'chronicle', 'capture.toml')
  return existsSync(usual) ? usual : undefined
}

/** They stand in the same environment. */
function variablesOfTheServer(): string[] {
  return Object.values(serverSettings).flatMap(each => each.environment)
}

/** The packer has variables of its own in the same environment. */
function withoutPackers(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('CHRONICLE_PACKER_')))
}
