import { isIP } from 'node:net'
import { isLoopback } from '../process/addresses.ts'

/** Says whether a request that names `host` (with or without a port) was meant for this server. */
export type HostCheck = (host: string) => boolean

/**
 * The hosts that a server on `bindAddress` answers to (S4). A page of another site that has pointed a name of its own at this machine is
 * turned away (DNS rebinding); that takes a name, so where the port is open to the network any address is accepted besides the names in `allowed`.
 */
export function hostCheck(bindAddress: string, allowed: readonly string[]): HostCheck {
  const isOpen = !isLoopback(bindAddress)
  const names = new Set(['localhost', bindAddress.toLowerCase(), ...allowed])
  return host => {
    const name = nameIn(host)
    if (name === undefined) return false
    return names.has(name) || isLoopback(name) || (isOpen && isIP(name) !== 0)
  }
}

/** Without port and brackets, in lower case; undefined for what is no host. */
function nameIn(host: string): string | undefined {
  const match = /^(?:\[([\da-f:.]+)\]|([a-z\d._-]+))(?::\d+)?$/i.exec(host)
  return (match?.[1] ?? match?.[2])?.toLowerCase()
}

const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/**
 * Browsers name the site whose page makes a request that changes something (Fetch, `Origin`). Only pages of this server may: one of another site cannot
 * finalise or delete a session of whoever looks at it. Programs send no such header.
 */
export function isOfAnotherSite(method: string, origin: string | undefined, host: string): boolean {
  if (origin === undefined || safeMethods.includes(method)) return false
  return !URL.canParse(origin) || new URL(origin).host !== host.toLowerCase()
}
