/**
 * Server-Sent Events (HTML, section 9.2.6) out of the body of a response:
 *
 *     id: 4711
 *     event: message
 *     data: {"a":1}
 *     (an empty line ends the event; a line that begins with a colon is a comment)
 */

import { serverErrors } from '../../errors.ts'

export type ServerSentEvent = {
  /** `message` where the server names none. */
  readonly type: string
  /** Undefined where the server only said how far it is. */
  readonly data: string | undefined
  /** The last one that was seen, also on an earlier event; empty without any. */
  readonly id: string
}

/** Characters of one event: an event's metadata has half a megabyte at most. */
const eventCharactersMax = 4 << 20

/** The events as they come. An event that the end of the stream cuts off is none. */
export async function* serverSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let [type, id, toldId] = ['', '', '']
  let data: string[] = []
  let characters = 0
  for await (const line of textLines(body)) {
    if (line === '') {
      if (data.length > 0) yield { type: type || 'message', data: data.join('\n'), id }
      else if (id !== toldId) yield { type: type || 'message', data: undefined, id }
      toldId = id
      type = ''
      data = []
      characters = 0
      continue
    }
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line)!
    characters += line.length
    if (characters > eventCharactersMax) throw tooLong()
    if (name === 'data') data.push(value!)
    else if (name === 'event') type = value!
    else if (name === 'id' && !value!.includes('\0')) id = value!
  }
}

/** Lines end with CR LF, LF or CR; the byte order mark of the first one is left out by the decoder. */
async function* textLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of body) {
    rest += decoder.decode(piece, { stream: true })
    // A CR at the end may be the first half of a line end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()!
    if (rest.length > eventCharactersMax) throw tooLong()
    yield* lines
  }
}

function tooLong(): Error {
  return serverErrors.create('server.invalid-line', {
    reason: `an event of the stream has more than ${eventCharactersMax} characters`,
  })
}
