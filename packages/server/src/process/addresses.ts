import { isIP } from 'node:net'
import { serverErrors } from '../errors.ts'
import type { ServerSettings } from '../settings.ts'

const everyAddress = ['0.0.0.0', '::']

/** True where only programs on this machine can connect. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(\.\d+){3}$/.test(address)
}

/**
 * The address that Metadata tells clients. A server on all addresses cannot guess it, and 0.0.0.0 leads every client to
 * itself: that is refused (S3).
 */
export function advertisedAddress(settings: ServerSettings): string {
  const { bindAddress, advertisedAddress: advertised } = settings
  if (advertised !== undefined && !everyAddress.includes(advertised)) return advertised
  if (advertised === undefined && !everyAddress.includes(bindAddress)) return bindAddress
  throw serverErrors.create('server.advertised-address-missing', { bindAddress, advertisedAddress: advertised })
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort(address: string, port: number): string {
  return `${isIP(address) === 6 ? `[${address}]` : address}:${port}`
}
