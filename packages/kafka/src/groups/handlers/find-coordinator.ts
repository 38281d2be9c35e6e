import { ErrorCode, type ErrorName, errorCodes } from '../../error-codes.ts'
import { type Handler, handler } from '../../handler.ts'
import { findCoordinator } from '../../messages/index.ts'

/** Key types of FindCoordinator. */
const group = 0
const transaction = 1

const nobody = { nodeId: -1, host: '', port: -1 }

/**
 * FindCoordinator: this broker coordinates every group and every transactional id. For a transactional id the answer is this
 * broker too, though transactions may be refused: InitProducerId then says so at once, while COORDINATOR_NOT_AVAILABLE here
 * would have clients ask again until they time out. Share groups are not served.
 */
export function findCoordinatorHandler(
  coordinator: () => { nodeId: number; host: string; port: number },
): Handler<typeof findCoordinator> {
  return handler(findCoordinator, ({ key, keyType, coordinatorKeys }, { apiVersion }) => {
    const served = keyType === group || keyType === transaction
    const error: ErrorName = served ? 'NONE' : 'INVALID_REQUEST'
    const { nodeId, host, port } = served ? coordinator() : nobody
    const errorMessage = served
      ? null
      : `${errorCodes.INVALID_REQUEST.message} Key type ${keyType} is not served, only 0 and 1.`
    const found = { nodeId, host, port, errorCode: ErrorCode[error], errorMessage }
    return {
      throttleTimeMs: 0,
      ...found,
      coordinators: apiVersion < 4 ? [] : coordinatorKeys.map(each => ({ key: each, ...found })),
      key,
    }
  })
}
