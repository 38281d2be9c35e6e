/**
 * XMP metadata (ISO 16684-1): what identifies a frame, exactly (PF4), and its JSON, as text properties in a namespace of their own.
 *
 * XML 1.0 cannot hold every character. One that it cannot hold stands as `_xHHHH_`, a UTF-16 unit in hexadecimal, and so does a `_` that such a sequence would begin with
 * by chance: the escape of ISO/IEC 29500-1, 22.9.2.19 (ST_Xstring).
 */
import type { Frame } from '../intake/contract.ts'

export type FrameIdentity = Pick<Frame, 'timestampNs' | 'sessionId' | 'eventId' | 'metadata'>

const namespace = 'urn:chronicle:frame:1:'

export function encodeXmp({ timestampNs, sessionId, eventId, metadata }: FrameIdentity): Buffer {
  const properties = { TimestampNs: timestampNs.toString(), SessionId: sessionId, EventId: eventId, Metadata: metadata }
  const lines = Object.entries(properties).map(([name, value]) => {
    return `   <chronicle:${name}>${escapeXml(value)}</chronicle:${name}>\n`
  })
  return Buffer.from(
    `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n` +
      '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n' +
      ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n' +
      `  <rdf:Description rdf:about="" xmlns:chronicle="${namespace}">\n` +
      `${lines.join('')}  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="r"?>`,
  )
}

/** What a packet that {@link encodeXmp} wrote says; undefined of any other. */
export function parseXmp(packet: string): FrameIdentity | undefined {
  const property = (name: string) => {
    const found = new RegExp(`<chronicle:${name}>([^<]*)</chronicle:${name}>`).exec(packet)?.[1]
    return found === undefined ? undefined : unescapeXml(found)
  }
  const [timestamp, sessionId] = [property('TimestampNs'), property('SessionId')]
  const [eventId, metadata] = [property('EventId'), property('Metadata')]
  if (!packet.includes(`xmlns:chronicle="${namespace}"`) || !timestamp || !/^[0-9]{1,19}$/.test(timestamp))
    return undefined
  if (sessionId === undefined || eventId === undefined || metadata === undefined) return undefined
  return { timestampNs: BigInt(timestamp), sessionId, eventId, metadata }
}

/** Units that XML has no place for: controls, halves of surrogate pairs, two that are no characters. And what looks like the escape of one. */
const unwritable = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|_(?=x[0-9A-F]{4}_)/gu
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' }
const characters: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&#13;': '\r' }

function escapeXml(value: string): string {
  const unit = (found: string) => `_x${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`
  // A reader of XML would make a line feed of a carriage return.
  return value.replaceAll(unwritable, unit).replaceAll(/[&<>\r]/g, found => entities[found]!)
}

function unescapeXml(text: string): string {
  return text
    .replaceAll(/&(?:amp|lt|gt|#13);/g, found => characters[found]!)
    .replaceAll(/_x([0-9A-F]{4})_/g, (_, unit: string) => String.fromCharCode(Number.parseInt(unit, 16)))
}
