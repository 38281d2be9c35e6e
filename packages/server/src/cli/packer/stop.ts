import { setTimeout as sleep } from 'node:timers/promises'
import { packerErrors } from '@chronicle/packer'
import { packerStopMsMax } from '../../packer/serve.ts'
import type { Terminal } from '../terminal.ts'
import { askRunning } from './ask.ts'
import { type PackerGlobals, settingsFor } from './globals.ts'

const lookMs = 50

/** Asks the running packer to stop, and waits until it is gone. */
export async function stopPacker(terminal: Terminal, globals: PackerGlobals): Promise<void> {
  const { places } = settingsFor(terminal, globals)
  const { pid } = await askRunning(places, { command: 'stop' })
  for (let waitedMs = 0; waitedMs < packerStopMsMax; waitedMs += lookMs) {
    if (!isAlive(Number(pid))) {
      terminal.out(`Stopped, process ${pid}.`)
      return
    }
    await sleep(lookMs)
  }
  throw packerErrors.create('packer.not-stopped', { pid: Number(pid), afterMs: packerStopMsMax })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
