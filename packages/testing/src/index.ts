export { type ChronicleOptions, type ChronicleProcess, type Exit, runChronicle, startChronicle } from './process.ts'
