export { type SealedHeader, type SealedKind, type SealedPlace, type SealKey, sealedKinds } from './contract.ts'
// To come here (seal):
//   sealKeyOf(key: DataKey): SealKey                                  epoch 0
//   sealedHeaderBytesMax; parseSealedHeader(bytes: Uint8Array): SealedHeader        'vault.not-sealed', 'vault.newer-version'
//   sealedBytes(place: SealedPlace, plainBytes: number): number        size of the whole sealed object
//   seal(plain: Uint8Array, key: SealKey, place: SealedPlace, random: Random): Buffer
//   class Sealer { constructor(key, place, random); begin(): Buffer (clear header, salt, commitment);
//                  push(piece: Uint8Array): Buffer (whole ciphertext chunks, may be empty); end(): Buffer }     synchronous, constant memory
//   open(sealed: Uint8Array, key: SealKey, expected?: Partial<SealedPlace>): Buffer
//   class Opener { constructor(key, expected?); push(piece): Buffer (plain); end(): Buffer }  plain only of authenticated chunks; end() throws 'vault.truncated'
//   sealStream(pieces: AsyncIterable<Uint8Array>, key, place, random): AsyncIterable<Buffer>;  openStream(pieces, key | (header) => Promise<SealKey>, expected?)
//   openRandomAccess(read: (start: number, end: number) => Promise<Uint8Array>, sealedBytes: number, key | (header) => Promise<SealKey>, expected?):
//       Promise<{ header: SealedHeader, plainBytes: number, read(start: number, end: number): Promise<Buffer> }>   the length is authenticated at opening
//   checksum('blake3' | 'sha256'): { update(bytes): void, digest(): Buffer };  checksumOf(algorithm, pieces: AsyncIterable<Uint8Array>): Promise<Buffer>
