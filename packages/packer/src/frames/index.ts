export { type EncodedFrame, encodeFrame } from './encode.ts'
export { type FrameOptions, frameDefaults } from './options.ts'
export { type ReadHeif, readHeif } from './read.ts'
