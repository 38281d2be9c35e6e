import type { Setting } from '@chronicle/config'
import { serverErrors } from '../errors.ts'

/** What was to be listened on, and which settings change that. */
export type Listening = {
  readonly what: string
  readonly address: string
  readonly port: number
  readonly portSetting: Setting
  readonly addressSetting?: Setting
}

const codes = {
  EADDRINUSE: 'server.port-in-use',
  EACCES: 'server.port-not-permitted',
  EADDRNOTAVAIL: 'server.address-not-available',
  ENOTFOUND: 'server.address-not-available',
} as const

/** The error of a failed listen(2), turned into one that says what to do; other errors as they are. */
export function explainListenError(error: unknown, listening: Listening): unknown {
  const systemCode = systemCodeOf(error)
  if (systemCode === undefined) return error
  const code = codes[systemCode]
  const isAddress = code === 'server.address-not-available'
  const setting = isAddress ? listening.addressSetting : listening.portSetting
  const { what, address, port } = listening
  return serverErrors.create(code, { for: what, address, port, change: setting && namesOf(setting) }, error)
}

function systemCodeOf(error: unknown): keyof typeof codes | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException
    if (code !== undefined && Object.hasOwn(codes, code)) return code as keyof typeof codes
  }
  return undefined
}

function namesOf(setting: Setting): string {
  return [setting.flag, setting.environment[0], setting.key].filter(Boolean).join(' or ')
}
