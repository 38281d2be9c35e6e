/** Frames of a full HD screen as HEIF files with thumbnail and metadata, one after the other, beside libheif's own program. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { encodeFrame, type Frame, frameDefaults } from '@chronicle/packer'
import { alternate, type Benchmark, type Context, compare, need, PeerMissing, type Row, single } from '../harness.ts'
import { pngOf, screen } from '../load/screen.ts'

const [width, height] = [1920, 1080]
/** Slowest of libaom's to fastest: what the packer's effort of 0 is there. */
const speed = 9

export const packerFrames: Benchmark = {
  name: 'packer-frames',
  about: `${width} × ${height} to AV1 with all colours, quality ${frameDefaults.quality}, and a thumbnail; beside heif-enc with the same quality, sampling, effort and thumbnail`,
  async run(context) {
    const picture = screen(width, height)
    const png = pngOf(picture)
    const sides = {
      png: () => framesPerSecond(context, () => encode({ format: 'png', image: png })),
      rgba: () => {
        const raw = { width, height, stride: width * 4 }
        return framesPerSecond(context, () => encode({ format: 'rgba', image: picture.rgba, raw }))
      },
    }
    const file = path.join(context.directory, 'screen.png')
    writeFileSync(file, png)
    try {
      const figures = await alternate(context, { ...sides, peer: () => framesPerSecond(context, () => heifEnc(file)) })
      const peer = { unit: 'frames/s', peer: figures.peer, peerName: 'heif-enc, PNG' }
      return [compare({ what: 'PNG to HEIF', ours: figures.png, ...peer }), rgbaRow(figures.rgba)]
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error
      const figures = await alternate(context, sides)
      return [
        single('PNG to HEIF', figures.png, 'frames/s'),
        rgbaRow(figures.rgba),
        { what: 'beside heif-enc', skipped: error.message },
      ]
    }
  },
}

function rgbaRow(figures: readonly number[]): Row {
  return single('raw RGBA to HEIF', figures, 'frames/s')
}

async function encode(picture: Pick<Frame, 'format' | 'image' | 'raw'>): Promise<void> {
  const ids = { sessionId: 'bench', eventId: '00000000-0000-4000-8000-000000000000' }
  const encoded = await encodeFrame({ timestampNs: 1n, ...ids, metadata: '{}', ...picture }, frameDefaults)
  if ('reason' in encoded) throw new Error(`a frame was refused: ${encoded.detail}`)
}

/** A process for each picture, on one thread as the packer's encoder is. */
function heifEnc(file: string): Promise<unknown> {
  const { quality, thumbnailPixelsMax } = frameDefaults
  const encoder = ['-A', '-q', String(quality), '-p', 'chroma=444', '-p', `speed=${speed}`, '-p', 'threads=1']
  const args = [...encoder, '-t', String(thumbnailPixelsMax), '-o', `${file}.avif`, file]
  return need('heif-enc with an AV1 encoder', () => promisify(execFile)('heif-enc', args))
}

async function framesPerSecond({ secondsPerRound }: Context, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  let frames = 0
  while (performance.now() - started < secondsPerRound * 1000) {
    await work()
    frames++
  }
  return (frames * 1000) / (performance.now() - started)
}
