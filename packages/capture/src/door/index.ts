export { type OpenCapture, type OpenCaptureOptions, openCapture } from './client.ts'
export { type CaptureStatus, checkDoorPath, type DoorLimits, doorLimits, type WaitingWindows } from './contract.ts'
export { openDoor } from './door.ts'
export type { Inside } from './requests.ts'
