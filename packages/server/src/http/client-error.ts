import type { Socket } from 'node:net'
import { serverErrors } from '../errors.ts'
import { problemBody } from './problem.ts'

/** What Node's HTTP server gives up before it is a request, and how that is answered. */
const answers: Readonly<Record<string, { status: number; reasonPhrase: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, reasonPhrase: 'Request Timeout' },
  HPE_HEADER_OVERFLOW: { status: 431, reasonPhrase: 'Request Header Fields Too Large' },
}
const otherwise = { status: 400, reasonPhrase: 'Bad Request' }

/** What the HTTP parser did not understand, or what did not arrive in time, never becomes a request: the answer is written by hand. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const { status, reasonPhrase } = answers[error.code ?? ''] ?? otherwise
  const code = status === 408 ? 'server.request-timed-out' : 'server.bad-request'
  const problem = serverErrors.create(code, { reason: error.code ?? 'not HTTP' }, error)
  const body = JSON.stringify(problemBody(problem, status))
  const head = [
    `HTTP/1.1 ${status} ${reasonPhrase}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end([...head, 'Connection: close', '', body].join('\r\n'))
}
