export { placeEmptyTables } from './empty-tables.ts'
export { damaged, noise } from './fuzz/inputs.ts'
export { FuzzFinding, fuzz, type Tally } from './fuzz/run.ts'
export type { FuzzInput, FuzzTarget } from './fuzz/target.ts'
export { type NatsServerOptions, type RunningNatsServer, startNatsServer, withoutNatsServer } from './nats-server.ts'
export {
  increment,
  type ObjectStoreFactory,
  type ObjectStoreHandle,
  objectStoreContract,
} from './object-store-contract.ts'
export { type PostgresOptions, type RunningPostgres, startPostgres, withoutPostgres } from './postgres.ts'
export {
  type ChronicleOptions,
  type ChronicleProcess,
  chroniclePath,
  type Exit,
  runChronicle,
  spawnChronicle,
  startChronicle,
} from './process.ts'
export { type DiskOperation, diskOperations, type Fault, MachineStopped, SimDisk } from './sim-disk.ts'
export { SimScheduler } from './sim-scheduler.ts'
export { type Simulation, simulations } from './simulations.ts'
export { type Delivery, type SwarmDay, swarmDay } from './swarm/day.ts'
export { tableDifferences } from './swarm/differences.ts'
export { breakages } from './swarm/malformed.ts'
export { type SwarmEvent, type SwarmMessage, topicOf } from './swarm/message.ts'
export { swarmTables } from './swarm/model.ts'
export { type SwarmOptions, workingDay } from './swarm/options.ts'
export { storedTables, type TablesReader } from './swarm/stored-tables.ts'
export type { AgentRow, EventRow, SwarmTables, TraceRow } from './swarm/tables.ts'
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
export { type WalFactory, type WalHandle, walContract } from './wal-contract.ts'
export { entriesOf, type ModelEntry, readFrom } from './wal-model.ts'
export { answerTo, type RunningWitness, serveAddCheckpoint, startWitness, type WitnessOptions } from './witness.ts'
