/** PyArrow and DuckDB writing Parquet from memory, in one Python process that stays. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { interopPython } from '../../e2e/interop/python.ts'
import { need, PeerMissing } from '../harness.ts'

const program = path.join(import.meta.dirname, 'parquet-writers.py')

export type Written = { readonly rowsPerSecond: number; readonly processorSeconds: number }

export type ParquetWriters = {
  write(writer: 'pyarrow' | 'duckdb'): Promise<Written>
  stop(): void
}

/** `records` is a file of Arrow IPC streams. Rejects with `PeerMissing` where there is no Python, or no way to install the two. */
export async function startParquetWriters(records: string, directory: string): Promise<ParquetWriters> {
  const { python, missing } = await need('Python with PyArrow and DuckDB', async () => interopPython('parquet'))
  if (missing !== undefined) throw new PeerMissing(missing)
  const child = spawn(python, [program, records, directory], { stdio: ['pipe', 'pipe', 'inherit'] })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`PyArrow and DuckDB: the process ended with ${child.exitCode}`)
    return value
  }
  await Promise.race([once(child, 'spawn').then(answer), once(child, 'error').then(([error]) => Promise.reject(error))])
  return {
    async write(writer) {
      child.stdin.write(`${writer}\n`)
      const [rowsPerSecond, processorSeconds] = (await answer()).split(' ').map(Number)
      return { rowsPerSecond: rowsPerSecond!, processorSeconds: processorSeconds! }
    },
    stop() {
      process.off('exit', kill)
      kill()
    },
  }
}
