import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { messageOf } from '@chronicle/base'
import { basePathDefault, logPathDefault, type PackerSettings, packerErrors } from '@chronicle/packer'

/** Where the packer's files are, besides those of the archive itself. */
export type PackerPlaces = {
  readonly basePath: string
  /** Control of a running packer. */
  readonly socket: string
  /** Process id of a running packer, for people. */
  readonly pid: string
  /** The key store, wrapped by the master key, and the audit log: what a copy of the archive needs besides the master key. */
  readonly keys: string
  /** Of the master key, where it comes from a file: never in the archive. */
  readonly keyFile: string
}

/** The places of an archive; what is looked at, is not made. */
export function packerPlaces({ basePath: wanted, keyFile }: PackerSettings): PackerPlaces {
  const basePath = wanted === basePathDefault && !canBeUsed(wanted) ? fallbackBase() : wanted
  const name = `packer-${createHash('sha256').update(basePath).digest('hex').slice(0, 8)}.key`
  return {
    basePath,
    socket: join(basePath, 'metadata', 'packer.sock'),
    pid: join(basePath, 'metadata', 'packer.pid'),
    keys: join(basePath, 'metadata', 'keys'),
    keyFile: keyFile ?? join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'chronicle', name),
  }
}

/** Makes the directory of the archive, for its owner alone. */
export function prepareBase({ basePath }: PackerPlaces): void {
  try {
    mkdirSync(join(basePath, 'metadata', 'keys'), { recursive: true, mode: 0o700 })
    accessSync(basePath, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw packerErrors.create('packer.base-path-unusable', { path: basePath, reason: messageOf(error) }, error)
  }
}

/** The log file, whose directory exists when this returns. Where the default cannot be written, one of the user's own. */
export function prepareLogFile({ logPath: wanted }: PackerSettings): string {
  const path = wanted === logPathDefault && !canBeUsed(dirname(wanted)) ? fallbackLog() : wanted
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (existsSync(path)) accessSync(path, constants.W_OK)
    return path
  } catch (error) {
    throw packerErrors.create('packer.log-unusable', { file: path, reason: messageOf(error) }, error)
  }
}

function fallbackBase(): string {
  return join(process.env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'chronicle', 'packer')
}

function fallbackLog(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'chronicle', 'packer.log')
}

/** The directory can be written, or the one that it would be made in. */
function canBeUsed(directory: string): boolean {
  const existing = existsSync(directory) ? directory : dirname(directory)
  try {
    accessSync(existing, constants.W_OK | constants.X_OK)
    return true
  } catch {
    // Whatever the reason: another place is used.
    return false
  }
}
