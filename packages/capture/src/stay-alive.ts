/** Timers of the clock do not keep a process alive: right while capture runs beside other work, wrong while somebody awaits that it is done. */
import { MessageChannel } from 'node:worker_threads'

/** The process does not end by itself before `work` has settled. */
export async function stayAlive<T>(work: Promise<T>): Promise<T> {
  const { port1 } = new MessageChannel()
  port1.ref()
  try {
    return await work
  } finally {
    port1.close()
  }
}
