/** `openssl speed`: what this machine's AES-256-GCM does without anything around it. By the clock on the wall, as our side, not by processor time. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { need } from '../harness.ts'

const run = promisify(execFile)

/** Bytes a second of AES-256-GCM on one core, in blocks of `bytes`. Needs the command line tool. */
export function opensslGcmSpeed(bytes: number, seconds: number): Promise<number> {
  return need('openssl', async () => {
    const whole = String(Math.max(1, Math.round(seconds)))
    const args = ['speed', '-mr', '-elapsed', '-evp', 'aes-256-gcm', '-bytes', String(bytes), '-seconds', whole]
    const { stdout } = await run('openssl', args)
    // `+F:<number>:AES-256-GCM:<bytes a second>`
    const speed = /^\+F:\d+:AES-256-GCM:([\d.]+)$/m.exec(stdout)?.[1]
    if (speed === undefined) throw new Error(`no speed in what it printed: ${stdout.slice(0, 200)}`)
    return Number(speed)
  })
}
