import { isUtf8 } from 'node:buffer'
import type { IntegerColumn } from './arrow/batch.ts'
import { type Batch, readStream } from './arrow/stream.ts'
import {
  type DecodedFrames,
  type Frame,
  type FrameFormat,
  frameFormats,
  type Refusal,
  type RefusalReason,
  type TextColumn,
} from './contract.ts'
import { isJson } from './json.ts'
import { orRefusal } from './refused.ts'
import { textOrBase64 } from './row-content.ts'
import { frameSchema } from './schema.ts'
import { bytesOf, isNull } from './text.ts'
import { timestampsOf } from './timestamps.ts'

/** Of an image as it comes. */
export const imageBytesMax = 256 * 1024 * 1024
const rawSideMax = 65_535

type Columns = {
  readonly timestamps: BigInt64Array
  readonly texts: Readonly<Record<'session_id' | 'event_id' | 'format' | 'metadata', TextColumn>>
  readonly image: TextColumn
  readonly sizes: readonly (IntegerColumn | undefined)[]
}

/** The frames of one record, an object each. Their images are views of `payload`: they are valid as long as it is. */
export function decodeFrames(payload: Uint8Array): DecodedFrames {
  const decoded = orRefusal(payload, () => {
    const frames: Frame[] = []
    const refusals: Refusal[] = []
    let firstRow = 0
    for (const batch of readStream(payload, frameSchema)) {
      const columns = frameColumns(batch)
      for (let row = 0; row < batch.rows; row++) {
        const frame = frameOf(columns, row)
        if ('reason' in frame) refusals.push({ ...frame, row: firstRow + row, content: contentOf(columns, row) })
        else frames.push(frame)
      }
      firstRow += batch.rows
    }
    return { frames, refusals }
  })
  return 'reason' in decoded ? { frames: [], refusals: [decoded] } : decoded
}

function frameColumns({ texts, integers }: Batch): Columns {
  const text = (name: string) => texts.get(name)!
  return {
    timestamps: timestampsOf(integers),
    texts: {
      session_id: text('session_id'),
      event_id: text('event_id'),
      format: text('format'),
      metadata: text('metadata'),
    },
    image: text('image'),
    sizes: ['width', 'height', 'stride'].map(name => integers.get(name)),
  }
}

type Fault = { readonly reason: RefusalReason; readonly detail: string }

function frameOf({ timestamps, texts, image, sizes }: Columns, row: number): Frame | Fault {
  const timestampNs = timestamps[row]!
  if (timestampNs <= 0n) {
    return { reason: 'timestamp-not-positive', detail: `timestamp_ns is ${timestampNs}, accepted is 1 or more` }
  }
  for (const [name, column] of Object.entries({ ...texts, image })) {
    const isEmpty = column.offsets[row] === column.offsets[row + 1]
    if (isNull(column, row) || isEmpty) return { reason: 'missing-value', detail: `${name} is null or empty` }
    if (name !== 'image' && !isUtf8(bytesOf(column, row))) return { reason: 'not-utf8', detail: `${name} is not UTF-8` }
  }
  const { offsets, bytes } = texts.metadata
  if (!isJson(bytes, offsets[row]!, offsets[row + 1]!)) return { reason: 'not-json', detail: 'metadata is not JSON' }
  const text = (column: TextColumn) => Buffer.from(bytesOf(column, row)).toString()
  const format = text(texts.format) as FrameFormat
  if (!frameFormats.includes(format)) {
    return { reason: 'invalid-image', detail: `format is ${JSON.stringify(format)}, accepted are ${frameFormats}` }
  }
  const picture = bytesOf(image, row)
  if (picture.length > imageBytesMax) return { reason: 'too-large', detail: `image has ${picture.length} bytes` }
  const raw = format === 'rgba' ? rawSize(sizes, row, picture.length) : undefined
  if (raw && 'reason' in raw) return raw
  const [sessionId, eventId] = [text(texts.session_id), text(texts.event_id)]
  return { timestampNs, sessionId, eventId, format, raw, image: picture, metadata: text(texts.metadata) }
}

function rawSize(sizes: Columns['sizes'], row: number, bytes: number): NonNullable<Frame['raw']> | Fault {
  const [width = 0, height = 0, stride = 0] = sizes.map(column => sizeOf(column, row))
  const isSide = (side: number) => side >= 1 && side <= rawSideMax
  if (isSide(width) && isSide(height) && stride >= width * 4 && stride * (height - 1) + width * 4 <= bytes) {
    return { width, height, stride }
  }
  const detail = `${width} × ${height} pixels with ${stride} bytes a row do not fit ${bytes} bytes of rgba`
  return { reason: 'invalid-image', detail }
}

function sizeOf(column: IntegerColumn | undefined, row: number): number | undefined {
  return column === undefined || isNull(column, row) ? undefined : Number(column.values[row])
}

/** Everything that is known of the frame, the image as base64. */
function contentOf({ timestamps, texts, image, sizes }: Columns, row: number): Buffer {
  const of = (column: TextColumn) => (isNull(column, row) ? null : textOrBase64(bytesOf(column, row)))
  const [width, height, stride] = sizes.map(column => sizeOf(column, row))
  return Buffer.from(
    JSON.stringify({
      timestamp_ns: `${timestamps[row]}`,
      ...Object.fromEntries(Object.entries(texts).map(([name, column]) => [name, of(column)])),
      ...{ width, height, stride },
      image: Buffer.from(bytesOf(image, row)).toString('base64'),
    }),
  )
}
