/** The thread that writes files: everything that takes long, on a core of its own. After a failure it does nothing more. */
import { parentPort, workerData } from 'node:worker_threads'
import { ChronicleError, messageOf, systemRandom } from '@chronicle/base'
import { nodeDisk } from '../archive/disk.ts'
import { LocalFiles } from './files.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './worker-protocol.ts'

const port = parentPort!
const files = new LocalFiles((workerData as WorkerSettings).settings, nodeDisk, systemRandom)
let turn: Promise<void> = Promise.resolve()

port.on('message', (message: ToWorker) => {
  turn = turn.then(() => take(message)).catch(fail)
})

async function take(message: ToWorker): Promise<void> {
  const { type, id } = message
  switch (type) {
    case 'begin':
      return files.begin(id, message.job)
    case 'events':
      await files.events(id, message.columns, message.plainBytes)
      return post({ type: 'taken', id, bytesAtMost: files.bytesAtMost(id), plainBytes: message.plainBytes })
    case 'bytes':
      await files.bytes(id, message.bytes)
      return post({ type: 'taken', id, bytesAtMost: files.bytesAtMost(id), plainBytes: message.bytes.length })
    case 'finish':
      return post({ type: 'finished', id, built: await files.finish(id) })
  }
}

function fail(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException
  const details = error instanceof ChronicleError ? error.details : undefined
  post({ type: 'failed', error: { message: messageOf(error), code, details } })
  port.close()
}

function post(message: FromWorker): void {
  port.postMessage(message)
}
