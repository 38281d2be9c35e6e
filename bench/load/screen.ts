/** A picture that looks a little like a screen: windows of one colour, lines of something like text, a slope. As raw RGBA and as PNG. */
import { crc32, deflateSync } from 'node:zlib'

export type Screen = { readonly width: number; readonly height: number; readonly rgba: Buffer }

export function screen(width: number, height: number): Screen {
  const rgba = Buffer.alloc(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4
      const isText = y % 20 < 11 && (Math.imul(x >> 1, 0x9e3779b1) ^ Math.imul(y >> 1, 0x85ebca6b)) >>> 30 === 0
      const isWindow = x % 640 < 600 && y % 500 < 460
      const shade = isText && isWindow ? 30 : isWindow ? 245 : Math.floor((y * 255) / height)
      rgba.set([shade, shade, isWindow ? shade : 160, 255], at)
    }
  }
  return { width, height, rgba }
}

/** Eight bits a channel, no filters (ISO/IEC 15948). */
export function pngOf({ width, height, rgba }: Screen): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 6, 0, 0, 0], 8)
  const rows = Buffer.alloc(height * (width * 4 + 1))
  for (let y = 0; y < height; y++) rgba.copy(rows, y * (width * 4 + 1) + 1, y * width * 4, (y + 1) * width * 4)
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
