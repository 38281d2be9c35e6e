import { existsSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { serverErrors } from '../../errors.ts'
import type { ServerSettings } from '../../settings.ts'
import { exitCodes } from '../report.ts'
import { standardStream, unreadable } from '../seal/input.ts'
import type { Terminal } from '../terminal.ts'
import { verifyCheckpointFile } from './checkpoint.ts'
import { exportedChunks, isExportedSession } from './exported-session.ts'
import { type Finding, isValid } from './finding.ts'
import { verifyLocalSession } from './local-session.ts'
import { printFinding } from './print.ts'
import { type ProofOptions, verifyProofFile } from './proof.ts'
import { verifySealedFile } from './sealed.ts'
import { verifySession } from './session.ts'
import { treeDirectory } from './tree-files.ts'
import { type TrustOptions, trustOf } from './trust.ts'

export type VerifyOptions = TrustOptions & ProofOptions & { json?: boolean }

/** Larger than any proof or checkpoint. */
const textBytesMax = 1 << 20
const proofBegins = 'c2sp.org/tlog-proof@'
const sealedBegins = 'CHV1'

/** Verifies everything that is named and tells what each is worth. Returns the exit code: 0 only when all of it is valid. */
export async function verifyAll(
  terminal: Terminal,
  settings: ServerSettings,
  targets: readonly string[],
  options: VerifyOptions,
): Promise<number> {
  const findings: Finding[] = []
  for (const target of targets) {
    const finding = await verifyOne(terminal, settings, target, options)
    findings.push(finding)
    if (options.json) continue
    if (findings.length > 1) terminal.out()
    printFinding(terminal, finding)
  }
  const verdicts = findings.map(finding => ({ valid: isValid(finding), ...finding }))
  if (options.json) terminal.out(JSON.stringify(verdicts, null, 2))
  return findings.every(isValid) ? exitCodes.ok : exitCodes.failure
}

/** What it is, its content says. What is no file is the id of a session. */
async function verifyOne(
  terminal: Terminal,
  settings: ServerSettings,
  target: string,
  options: VerifyOptions,
): Promise<Finding> {
  const trust = () => trustOf(settings, options)
  if (target !== standardStream && !existsSync(target)) {
    return verifyLocalSession(terminal, settings, target, trust)
  }
  if (target !== standardStream && statSync(target).isDirectory()) {
    if (isExportedSession(target)) {
      return verifySession(target, treeDirectory(target), await trust(), exportedChunks(target))
    }
    throw serverErrors.create('server.nothing-to-verify', { directory: target, because: 'it has no checkpoint' })
  }
  const bytes = await readText(terminal, target)
  const begins = bytes.subarray(0, proofBegins.length).toString('latin1')
  if (begins.startsWith(sealedBegins) && target !== standardStream) return verifySealedFile(terminal, settings, target)
  if (begins === proofBegins) return verifyProofFile(target, bytes, await trust(), options)
  // Every other text may only be a checkpoint; it says itself why it is none.
  return verifyCheckpointFile(target, bytes, await trust())
}

/** The beginning of what may be text, as far as any text of ours is long. */
async function readText(terminal: Terminal, path: string): Promise<Buffer> {
  if (path === standardStream) {
    const pieces: Buffer[] = []
    let bytes = 0
    for await (const piece of terminal.input) {
      pieces.push(piece as Buffer)
      bytes += (piece as Buffer).length
      if (bytes > textBytesMax) break
    }
    return Buffer.concat(pieces)
  }
  try {
    const file = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(textBytesMax), 0, textBytesMax, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}
