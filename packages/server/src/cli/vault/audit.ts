import { createReadStream } from 'node:fs'
import { type AuditEvent, verifyAuditLog } from '@chronicle/vault'
import { dataPaths } from '../../process/data-directory.ts'
import type { ServerSettings } from '../../settings.ts'
import { count, plural, printable } from '../format.ts'
import { linesOf } from '../lines.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { withVaultParts } from './with-vault.ts'

export type AuditOptions = { verify?: boolean; json?: boolean; last?: number }

/** Shows the newest events of the audit log, or checks that none was changed or taken out. Returns the exit code. */
export async function auditLog(terminal: Terminal, settings: ServerSettings, options: AuditOptions): Promise<number> {
  // There is none where there is no key store.
  await withVaultParts(settings, async () => undefined)
  const { audit } = dataPaths(settings.dataDirectory)
  if (options.verify) return verify(terminal, audit, options)
  const newest: string[] = []
  for await (const lines of linesOf(createReadStream(audit))) {
    newest.push(...lines.map(String))
    if (options.last !== undefined) newest.splice(0, newest.length - options.last)
  }
  for (const line of newest) terminal.out(options.json ? line : inWords(line))
  return exitCodes.ok
}

/** One line of the log for people; what is no event is shown as it is. */
function inWords(line: string): string {
  const event = parse(line)
  if (!event) return printable(line)
  const details = Object.entries(event.details).map(([name, value]) => `${name} ${value}`)
  return printable(`${event.at}  ${event.outcome.padEnd(7)}  ${event.action.padEnd(20)}  ${details.join(', ')}`)
}

function parse(line: string): AuditEvent | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

async function verify(terminal: Terminal, path: string, { json }: AuditOptions): Promise<number> {
  const report = await verifyAuditLog(path)
  const { problems, lines, files, tornLines, fromTheBeginning, heads } = report
  if (json) {
    terminal.out(JSON.stringify(report, null, 2))
  } else {
    for (const { file, line, problem } of problems) {
      terminal.out(`${terminal.style('red', '✗')} ${file}, line ${count(line)} ${problem}`)
    }
    const mark = problems.length === 0 ? terminal.style('green', '✓') : terminal.style('red', '✗')
    const verdict =
      problems.length === 0 ? 'nothing was changed, taken out or moved' : plural(problems.length, 'problem')
    terminal.out(`${mark} ${plural(lines, 'event')} in ${plural(files, 'file')}: ${verdict}`)
    if (tornLines > 0) terminal.out(`  ${plural(tornLines, 'write')} cut off by a crash, accounted for`)
    if (!fromTheBeginning) terminal.out('  older files are not here; what was in them is not checked')
    terminal.out('  Keep these elsewhere: they show later that nothing was cut off from the end.')
    for (const head of heads) terminal.out(`    ${head}`)
  }
  return problems.length === 0 ? exitCodes.ok : exitCodes.failure
}
