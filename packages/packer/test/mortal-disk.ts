import { type Disk, nodeDisk } from '../src/archive/disk.ts'

/** What a process that ended meets. */
export class Crash extends Error {}

/** A disk of a process that ends after so many steps. A write that it ends in is done by half. */
export function mortalDisk(stepsMax: number, real = nodeDisk): { disk: Disk; hasEnded: () => boolean } {
  let steps = 0
  const step = () => {
    if (steps++ >= stepsMax) throw new Crash('the process ended')
  }
  const disk = Object.fromEntries(
    Object.entries(real).map(([name, act]) => [
      name,
      (...args: unknown[]) => {
        if (name === 'write' && steps === stepsMax) {
          const [file, bytes] = args as [number, Uint8Array]
          real.write(file, bytes.subarray(0, bytes.length / 2))
        }
        step()
        return (act as (...args: unknown[]) => unknown)(...args)
      },
    ]),
  ) as unknown as Disk
  return { disk, hasEnded: () => steps > stepsMax }
}
