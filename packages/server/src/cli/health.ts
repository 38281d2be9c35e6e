import { messageOf } from '@chronicle/base'
import { serverErrors } from '../errors.ts'
import { hostPort } from '../process/addresses.ts'
import type { ServerSettings } from '../settings.ts'
import { exitCodes } from './report.ts'
import type { Terminal } from './terminal.ts'

const answerMsMax = 5_000

/** On all addresses means on loopback too. */
const loopbackOf: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

type Report = { readonly status: string; readonly checks: Record<string, { status: string; reason?: string }> }

/** Asks the server of these settings how it is. Resolves with the exit code: 0 while it serves, 1 when it does not. */
export async function askHealth(terminal: Terminal, settings: ServerSettings, json: boolean): Promise<number> {
  const { httpBindAddress, httpPort } = settings
  const url = `http://${hostPort(loopbackOf[httpBindAddress] ?? httpBindAddress, httpPort)}/health`
  const report = await fetchReport(url)
  if (json) terminal.out(JSON.stringify(report))
  else {
    terminal.out(`${report.status}  ${url}`)
    for (const [name, { status, reason }] of Object.entries(report.checks)) {
      if (status !== 'pass') terminal.out(`  ${name}: ${status}${reason === undefined ? '' : `, ${reason}`}`)
    }
  }
  return report.status === 'fail' ? exitCodes.failure : exitCodes.ok
}

async function fetchReport(url: string): Promise<Report> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMsMax) })
    return (await response.json()) as Report
  } catch (error) {
    throw serverErrors.create('server.no-answer', { url, reason: messageOf(error) }, error)
  }
}
